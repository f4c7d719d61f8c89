internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications

/// Channels that administrators make over the API, and where alerts go. What the configuration file says of channels
/// stands, and is not changed here.
struct ChannelAdministrationRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .put, "/api/v1/channels/{channel}", .permission(.manageChannels),
                Operation(
                    "saveChannel", tag: "alerts",
                    "Makes or changes a channel. Its secrets are sealed and never shown again.",
                    body: "ChannelRequest", answer: "Channel"), handler: save),
            Route(
                .delete, "/api/v1/channels/{channel}", .permission(.manageChannels),
                Operation(
                    "deleteChannel", tag: "alerts", "Removes a channel that was made over the API.", status: 204),
                handler: delete),
            Route(
                .get, "/api/v1/alert-routes", .permission(.viewInstallation),
                Operation(
                    "listAlertRoutes", tag: "alerts", "Where alerts go: the first route that matches counts.",
                    answer: "AlertRouting"), handler: routing),
            Route(
                .put, "/api/v1/alert-routes", .permission(.manageChannels),
                Operation(
                    "setAlertRoutes", tag: "alerts", "Sets routes in the place of the configuration file's.",
                    body: "AlertRoutesRequest", answer: "AlertRouting"), handler: setRouting),
            Route(
                .delete, "/api/v1/alert-routes", .permission(.manageChannels),
                Operation(
                    "resetAlertRoutes", tag: "alerts", "Goes back to the configuration file's routes.",
                    answer: "AlertRouting"), handler: resetRouting),
        ]
    }

    @Sendable private func save(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let name = try context.parameters.require("channel")
        let draft = try ChannelDraft(name: name, try await JSONBody(request, limit: limits.bodyBytes))
        let status = try await services.notifications.saveChannel(draft, by: principal.name)
        try await record(name, "saved", by: principal, context)
        var json = JSONWriter()
        status.write(to: &json)
        return .json(json.bytes)
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let name = try context.parameters.require("channel")
        try await services.notifications.deleteChannel(name)
        try await record(name, "deleted", by: principal, context)
        return .done
    }

    @Sendable private func routing(_ request: Request, _ context: APIContext) async throws -> Response {
        respond(services.notifications.routing)
    }

    @Sendable private func setRouting(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        guard let elements = body["routes"]?.array else { throw APIError.badRequest("'routes' must be a list") }
        let routes = try elements.enumerated().map { number, element in
            try Notifications.Route(element, name: "route \(number + 1)")
        }
        let routing = try await services.notifications.setRoutes(routes, by: principal.name)
        try await record("routes", "set: \(routes.map(\.name).joined(separator: ", "))", by: principal, context)
        return respond(routing)
    }

    @Sendable private func resetRouting(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let routing = try await services.notifications.resetRoutes()
        try await record("routes", "reset", by: principal, context)
        return respond(routing)
    }

    private func respond(_ routing: Routing) -> Response {
        var json = JSONWriter()
        routing.write(to: &json)
        return .json(json.bytes)
    }

    private func record(_ object: String, _ reason: String, by principal: Principal, _ context: APIContext) async throws
    {
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.manageChannels.rawValue,
                object: object, reason: reason))
    }
}

extension ChannelDraft {
    /// Reads `{"kind", "settings", "secrets", "sendsResolved", "deadlineSeconds", "fallback", "fallbackAttempts",
    /// "fallbackAfterSeconds"}`.
    fileprivate init(name: String, _ body: JSONBody) throws {
        let kind = try body.text("kind")
        var fallback: ChannelConfiguration.Fallback?
        if let other = try body.optionalText("fallback") {
            fallback = .init(
                channel: other, attempts: Int(clamping: try body.optionalNumber("fallbackAttempts") ?? 3),
                after: .seconds(try body.seconds("fallbackAfterSeconds") ?? 120))
        }
        self.init(
            name: name, kind: kind, settings: body["settings"] ?? .object([]),
            secrets: try body.optionalTextsByName("secrets") ?? [:],
            sendsResolved: body["sendsResolved"]?.bool ?? true,
            deadline: .seconds(try body.seconds("deadlineSeconds") ?? 15), fallback: fallback)
    }
}

extension JSONBody {
    /// Seconds that make a time.
    fileprivate func seconds(_ name: String) throws -> Int64? {
        let seconds = try optionalNumber(name)
        guard (0...100_000_000).contains(seconds ?? 0) else { throw APIError.badRequest("'\(name)' is out of range") }
        return seconds
    }
}

extension Notifications.Route {
    /// Reads a route as ``Routing`` writes it; times that are absent are the usual ones.
    ///
    /// - Parameter fallback: its name if it has none.
    fileprivate init(_ json: JSONValue, name fallback: String) throws {
        func seconds(_ name: String, _ usual: Duration) throws -> Duration {
            guard let member = json[name], !member.isNull else { return usual }
            guard let seconds = member.double, (0...10_000_000).contains(seconds) else {
                throw APIError.badRequest("'\(name)' must be a number of seconds")
            }
            return .milliseconds(Int64(seconds * 1000))
        }
        let usual = RouteTiming()
        var matchers: [String: Set<String>] = [:]
        for (label, values) in json["match"]?.object ?? [] {
            guard let texts = values.array?.compactMap(\.string), texts.count == values.array?.count else {
                throw APIError.badRequest("'match' must give a list of texts for each label")
            }
            matchers[label] = Set(texts)
        }
        guard json.object != nil, let channels = json["channels"]?.array?.compactMap(\.string) else {
            throw APIError.badRequest("a route must be an object with 'channels', a list of names")
        }
        self.init(
            name: json["name"]?.string ?? fallback, matchers: matchers, channels: channels,
            continues: json["continues"]?.bool ?? false,
            timing: RouteTiming(
                groupWait: try seconds("groupWaitSeconds", usual.groupWait),
                criticalGroupWait: try seconds("criticalGroupWaitSeconds", usual.criticalGroupWait),
                groupInterval: try seconds("groupIntervalSeconds", usual.groupInterval),
                repeatInterval: try seconds("repeatIntervalSeconds", usual.repeatInterval)))
    }
}

extension Routing: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("source", source.rawValue)
            $0.member("changedBy", author)
            $0.member("changedAt", changedAt?.milliseconds)
            $0.key("routes")
            $0.array { for route in routes { Self.write(route, to: &$0) } }
        }
    }

    private static func write(_ route: Notifications.Route, to json: inout JSONWriter) {
        json.object {
            $0.member("name", route.name)
            $0.key("match")
            $0.object {
                for (label, values) in route.matchers.sorted(by: { $0.key < $1.key }) {
                    $0.member(label, .array(values.sorted().map(JSONValue.string)))
                }
            }
            $0.member("channels", .array(route.channels.map(JSONValue.string)))
            $0.member("continues", route.continues)
            $0.member("groupWaitSeconds", route.timing.groupWait.fractionalSeconds)
            $0.member("criticalGroupWaitSeconds", route.timing.criticalGroupWait.fractionalSeconds)
            $0.member("groupIntervalSeconds", route.timing.groupInterval.fractionalSeconds)
            $0.member("repeatIntervalSeconds", route.timing.repeatInterval.fractionalSeconds)
        }
    }
}
