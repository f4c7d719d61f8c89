/// The work was not done in time; it has been cancelled and awaited.
public struct DeadlineExceeded: Error, CustomStringConvertible {
    /// The time it was given.
    public let limit: Duration

    /// Of work that was given `limit`.
    public init(limit: Duration) {
        self.limit = limit
    }

    public var description: String { "not done within \(limit)" }
}

/// Runs `operation` and returns its value, or cancels it after `limit` and throws `DeadlineExceeded`.
///
/// Structured: returns only after `operation` has returned, so an operation that ignores cancellation delays it.
public func withDeadline<Value: Sendable, C: Clock>(
    _ limit: Duration, clock: C, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value where C.Duration == Duration {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(until: clock.now.advanced(by: limit), tolerance: nil)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw DeadlineExceeded(limit: limit) }
        return value
    }
}

/// Runs `operation` under a deadline of the host's continuous clock.
public func withDeadline<Value: Sendable>(
    _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withDeadline(limit, clock: ContinuousClock(), operation)
}
