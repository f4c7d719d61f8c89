internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications

/// Channels, how they go, and the ledger of what they were told.
struct DeliveryRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/channels", .permission(.viewInstallation),
                Operation(
                    "listChannels", tag: "alerts", "Channels and how they go; no secrets.", answer: "ChannelList"),
                handler: channels),
            Route(
                .post, "/api/v1/channels/{channel}/test", .permission(.testNotification),
                Operation(
                    "testChannel", tag: "alerts", "Sends a message that says it is a test.", answer: "TestResult"),
                handler: test),
            Route(
                .get, "/api/v1/deliveries", .permission(.viewInstallation),
                Operation(
                    "listDeliveries", tag: "alerts", "The delivery ledger, newest first.",
                    parameters: [
                        .query("before", "Only deliveries with smaller ids."),
                        .query("limit", "At most this many.", type: "integer"),
                        .query("channel", "Only on this channel."),
                        .query("status", "Only these: waiting, retrying, delivered or failed."),
                    ], answer: "DeliveryList"), handler: deliveries),
            Route(
                .get, "/api/v1/deliveries/{id}", .permission(.viewInstallation),
                Operation(
                    "getDelivery", tag: "alerts", "One delivery with every attempt, oldest first.",
                    answer: "DeliveryDetail"), handler: delivery),
        ]
    }

    @Sendable private func channels(_ request: Request, _ context: APIContext) async throws -> Response {
        let statuses = try await services.notifications.channelStatuses()
        let heartbeat = services.heartbeat?.status
        return .json {
            $0.member("channels", answers: statuses)
            $0.key("heartbeat")
            if let heartbeat {
                $0.object {
                    $0.member("lastBeat", heartbeat.lastBeat?.milliseconds)
                    $0.member("trouble", heartbeat.trouble)
                }
            } else {
                $0.null()
            }
        }
    }

    @Sendable private func deliveries(_ request: Request, _ context: APIContext) async throws -> Response {
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 50
        var filter = DeliveryFilter(
            before: try request.whole("before", in: 1...Int.max).map(Int64.init),
            channel: request.parameter("channel"))
        if let word = request.parameter("status") {
            guard let status = DeliveryRecord.Status(rawValue: word) else {
                throw APIError.badRequest("'status' must be waiting, retrying, delivered or failed")
            }
            filter.status = status
        }
        let records = try await services.notifications.deliveries(filter, limit: limit)
        return .json {
            $0.member("deliveries", answers: records)
            $0.member("next", records.count == limit ? records.last.map { String($0.id) } : nil)
        }
    }

    @Sendable private func delivery(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let id = Int64(try context.parameters.require("id")) else { throw APIError.notFound("no such delivery") }
        let (record, attempts) = try await services.notifications.delivery(id)
        return .json {
            $0.member("delivery", answer: record)
            $0.member("attempts", answers: attempts)
        }
    }

    @Sendable private func test(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("channel")
        let principal = try context.requirePrincipal()
        let test = try await services.notifications.test(channel: name, by: principal.name)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.testNotification.rawValue,
                object: name, outcome: test.isDelivered ? .done : .failed, reason: test.error ?? ""))
        return .json {
            $0.member("delivered", test.isDelivered)
            $0.member("code", test.code)
            $0.member("latencySeconds", test.latency.fractionalSeconds)
            $0.member("error", test.error)
            $0.member("fallback", test.fallback?.channel)
            $0.member("fallbackDelivered", test.fallback?.isDelivered ?? false)
        }
    }
}

extension DeliveryRecord: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", String(id))
            $0.member("notification", String(notification))
            $0.member("channel", channel)
            $0.member("insteadOf", insteadOf)
            $0.member("status", status.rawValue)
            $0.member("tells", subject.rawValue)
            $0.member("alert", groupLabels["alertname"])
            $0.member("cluster", groupLabels["cluster"])
            $0.member("alerts", alertCount)
            $0.member("route", route)
            $0.member("attempts", attempts)
            $0.member("at", at.milliseconds)
            $0.member("nextAttempt", nextAttempt?.milliseconds)
            $0.member("latencySeconds", latency?.fractionalSeconds)
            $0.member("code", code)
            $0.member("error", error)
        }
    }
}

extension DeliveryAttempt: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("number", number)
            $0.member("startedAt", startedAt.milliseconds)
            $0.member("latencySeconds", duration?.fractionalSeconds)
            $0.member("outcome", outcome)
            $0.member("code", code)
            $0.member("error", error)
        }
    }
}

extension ChannelStatus: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", configuration.name)
            $0.member("kind", configuration.kind.word)
            $0.member("managed", stored == nil ? "configuration" : "api")
            $0.member("settings", stored?.settings ?? .null)
            $0.member("secrets", .array((stored?.secretNames ?? []).map(JSONValue.string)))
            $0.member("changedBy", stored?.author)
            $0.member("changedAt", stored?.changedAt.milliseconds)
            $0.member("target", configuration.target)
            $0.member("sendsResolved", configuration.sendsResolved)
            $0.member("deadlineSeconds", configuration.deadline.fractionalSeconds)
            $0.member("fallback", configuration.fallback?.channel)
            $0.member("fallbackAttempts", configuration.fallback?.attempts)
            $0.member("fallbackAfterSeconds", configuration.fallback?.after.fractionalSeconds)
            $0.member("health", health.rawValue)
            $0.member("waiting", waiting)
            $0.member("lastDelivered", answer: lastDelivered)
            $0.member("lastFailed", answer: lastFailed)
        }
    }
}
