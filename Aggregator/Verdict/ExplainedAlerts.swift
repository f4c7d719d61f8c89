public import FleetHealth
public import Model
public import Postgres
public import Rules

/// Gives alerts that fire the annotation `verdict` on their way to whoever delivers them.
public struct ExplainedAlerts: AlertSink {
    private let sink: any AlertSink
    private let explanations: Explanations

    /// Alerts for `sink`.
    public init(_ sink: any AlertSink, explanations: Explanations) {
        self.sink = sink
        self.explanations = explanations
    }

    /// As `AlertSink` has it.
    public func enqueue(_ alerts: [Alert], at now: Timestamp, in connection: PostgresConnection) async throws {
        try await sink.enqueue(alerts.map(explained), at: now, in: connection)
    }

    /// As `AlertSink` has it.
    public func committed() { sink.committed() }

    private func explained(_ alert: Alert) -> Alert {
        guard alert.state == .firing, let cluster = alert.labels["cluster"], let sentence = explanations[cluster] else {
            return alert
        }
        var alert = alert
        alert.annotations = alert.annotations.adding(["verdict": sentence])
        return alert
    }
}
