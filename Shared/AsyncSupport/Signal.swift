/// A coalescing wake-up from many senders to one waiter: signals sent while nobody waits count as one.
public struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A signal that is not set.
    public init() {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the waiter, or lets its next `wait()` return at once. May be called from any thread.
    public func send() {
        continuation.yield()
    }

    /// Waits for a signal. Only one task may wait at a time.
    ///
    /// Throws `CancellationError` when the task is cancelled.
    public func wait() async throws {
        var iterator = stream.makeAsyncIterator()
        _ = await iterator.next()
        try Task.checkCancellation()
    }
}
