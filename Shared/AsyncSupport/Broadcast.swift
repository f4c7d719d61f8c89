internal import Synchronization

/// One sender, many subscribers, each with a bounded buffer of its own.
///
/// A subscriber that falls behind loses its oldest elements, never the sender's time; `dropped` counts them all.
public final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var subscribers: [UInt64: AsyncStream<Element>.Continuation] = [:]
        var nextID: UInt64 = 0
        var finished = false
        var dropped: UInt64 = 0
    }

    private let state = Mutex(State())
    private let bufferLimit: Int

    /// - Parameter bufferLimit: how many elements a slow subscriber may be behind; at least 1.
    public init(bufferLimit: Int) {
        precondition(bufferLimit > 0, "a subscriber needs room for one element")
        self.bufferLimit = bufferLimit
    }

    /// The elements sent from now on; ends after `finish()` or when its consumer is cancelled.
    public func subscribe() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Element.self, bufferingPolicy: .bufferingNewest(bufferLimit))
        let id: UInt64? = state.withLock { state in
            guard !state.finished else { return nil }
            state.nextID += 1
            state.subscribers[state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.subscribers.removeValue(forKey: id) }
        }
        return stream
    }

    /// Gives `element` to every subscriber; never waits.
    public func send(_ element: Element) {
        let subscribers = state.withLock { Array($0.subscribers.values) }
        var dropped: UInt64 = 0
        for subscriber in subscribers {
            if case .dropped = subscriber.yield(element) { dropped += 1 }
        }
        if dropped > 0 { state.withLock { $0.dropped += dropped } }
    }

    /// Ends every subscription, and those to come.
    public func finish() {
        let subscribers = state.withLock { state in
            state.finished = true
            defer { state.subscribers = [:] }
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.finish() }
    }

    /// How many are listening.
    public var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// How many elements slow subscribers have lost.
    public var dropped: UInt64 { state.withLock { $0.dropped } }
}
