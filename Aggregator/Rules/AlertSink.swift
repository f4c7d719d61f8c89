public import Model
public import Postgres

/// Where alerts go: implemented by whoever tells people.
public protocol AlertSink: Sendable {
    /// Takes note of `alerts` that began to fire or were resolved, as part of the transaction that saves their state:
    /// what is saved is told, and what is told is saved. Must not wait for anyone.
    func enqueue(_ alerts: [Alert], at now: Timestamp, in connection: PostgresConnection) async throws

    /// The transaction was committed: now is the time to look.
    func committed()
}
