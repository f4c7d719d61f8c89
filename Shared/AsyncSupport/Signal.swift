internal import Synchronization

/// A coalescing wake-up from many senders to one waiter: signals sent while nobody waits count as one.
///
/// A wait that is cancelled (by `withDeadline`, mostly) takes nothing with it: the next one works as if it had not been.
/// An `AsyncStream` would not do here, because cancelling its consumer ends it for ever.
public struct Signal: Sendable {
    private final class State: Sendable {
        struct Waiter {
            var number: UInt64
            var continuation: CheckedContinuation<Void, any Error>
        }

        struct Content {
            var isSet = false
            var waiter: Waiter?
            var lastNumber: UInt64 = 0
            /// The number of a wait that was cancelled before it could begin.
            var cancelled: UInt64?
        }

        let content = Mutex(Content())
    }

    private let state = State()

    /// A signal that is not set.
    public init() {}

    /// Wakes the waiter, or lets its next `wait()` return at once. May be called from any thread.
    public func send() {
        let waiter = state.content.withLock { content in
            guard let waiter = content.waiter else {
                content.isSet = true
                return nil as State.Waiter?
            }
            content.waiter = nil
            return waiter
        }
        waiter?.continuation.resume()
    }

    /// Waits for a signal. Only one task may wait at a time.
    ///
    /// Throws `CancellationError` when the task is cancelled.
    public func wait() async throws {
        try Task.checkCancellation()
        let number = state.content.withLock { content in
            content.lastNumber += 1
            return content.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(State.Waiter(number: number, continuation: $0)) }
        } onCancel: {
            cancel(number)
        }
    }

    private func begin(_ waiter: State.Waiter) {
        enum Outcome { case waits, signalled, cancelled }
        let outcome = state.content.withLock { content -> Outcome in
            if content.cancelled == waiter.number { return .cancelled }
            if content.isSet {
                content.isSet = false
                return .signalled
            }
            precondition(content.waiter == nil, "only one task may wait for a signal")
            content.waiter = waiter
            return .waits
        }
        switch outcome {
        case .waits: break
        case .signalled: waiter.continuation.resume()
        case .cancelled: waiter.continuation.resume(throwing: CancellationError())
        }
    }

    private func cancel(_ number: UInt64) {
        let waiter = state.content.withLock { content in
            guard let waiter = content.waiter, waiter.number == number else {
                content.cancelled = number
                return nil as State.Waiter?
            }
            content.waiter = nil
            return waiter
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
