internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications
internal import Rules

/// Alerts and how they were delivered.
struct AlertRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/alerts", .permission(.viewFleet),
                Operation("listAlerts", tag: "alerts", "Alerts that are pending or firing.", answer: "AlertList"),
                handler: alerts),
            Route(
                .get, "/api/v1/deliveries", .permission(.viewInstallation),
                Operation(
                    "listDeliveries", tag: "alerts", "The delivery ledger, newest first.",
                    parameters: [
                        .query("before", "Only deliveries with smaller ids."),
                        .query("limit", "At most this many.", type: "integer"),
                    ], answer: "DeliveryList"), handler: deliveries),
            Route(
                .post, "/api/v1/channels/{channel}/test", .permission(.testNotification),
                Operation(
                    "testChannel", tag: "alerts", "Sends a message that says it is a test.", answer: "TestResult"),
                handler: test),
        ]
    }

    @Sendable private func alerts(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let visible = services.rules.activeAlerts().filter { principal.sees($0) }
        let deliveries = try await services.notifications.deliveries(of: visible.map(\.labels.fingerprint))
        let answers = visible.map { AlertAnswer(alert: $0, deliveries: deliveries[$0.labels.fingerprint] ?? []) }
        return .json { $0.member("alerts", answers: answers.sorted(by: Self.isMoreUrgent)) }
    }

    /// Firing before pending, critical before warning, newer before older.
    private static func isMoreUrgent(_ left: AlertAnswer, _ right: AlertAnswer) -> Bool {
        func rank(_ alert: Alert) -> Int {
            let severity = ["critical": 0, "warning": 1][alert.labels["severity"] ?? ""] ?? 2
            return (alert.state == .firing ? 0 : 10) + severity
        }
        let (leftRank, rightRank) = (rank(left.alert), rank(right.alert))
        return leftRank == rightRank ? left.alert.activeAt > right.alert.activeAt : leftRank < rightRank
    }

    @Sendable private func deliveries(_ request: Request, _ context: APIContext) async throws -> Response {
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 50
        let before = try request.whole("before", in: 1...Int.max).map(Int64.init)
        let records = try await services.notifications.deliveries(before: before, limit: limit)
        return .json {
            $0.key("deliveries")
            $0.array {
                for record in records {
                    $0.object {
                        $0.member("id", String(record.id))
                        $0.member("channel", record.channel)
                        $0.member("status", record.status.rawValue)
                        $0.member("attempts", record.attempts)
                        $0.member("at", record.at.milliseconds)
                        $0.member("latencySeconds", record.latency?.fractionalSeconds)
                        $0.member("code", record.code)
                        $0.member("error", record.error)
                    }
                }
            }
            $0.member("next", records.count == limit ? records.last.map { String($0.id) } : nil)
        }
    }

    @Sendable private func test(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("channel")
        let principal = try context.requirePrincipal()
        let refusal = try await services.notifications.test(channel: name, by: principal.name)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.testNotification.rawValue,
                object: name, outcome: refusal == nil ? .done : .failed, reason: refusal ?? ""))
        return .json {
            $0.member("delivered", refusal == nil)
            $0.member("error", refusal)
        }
    }
}
