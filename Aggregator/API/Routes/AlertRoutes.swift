internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications
internal import Rules

/// Alerts, what keeps them back, and how they were delivered.
struct AlertRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/alerts", .permission(.viewFleet),
                Operation("listAlerts", tag: "alerts", "Alerts that are pending or firing.", answer: "AlertList"),
                handler: alerts)
        ]
    }

    @Sendable private func alerts(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let visible = services.rules.activeAlerts().filter { principal.sees($0) }
        let deliveries = try await services.notifications.deliveries(of: visible.map(\.labels.fingerprint))
        let firing = services.rules.activeAlerts().filter { $0.state == .firing }
        let suppressions = try await services.notifications.suppressions(firing: firing.map(\.labels))
        let answers = visible.map { alert in
            AlertAnswer(
                alert: alert, deliveries: deliveries[alert.labels.fingerprint] ?? [],
                suppressions: suppressions.reasons(for: alert.labels),
                acknowledgement: suppressions.acknowledgement(of: alert.labels))
        }
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
}
