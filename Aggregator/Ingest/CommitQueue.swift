internal import AgentProtocol
internal import AsyncSupport
internal import FrameCodec
internal import Synchronization

/// Uploads that wait to be committed: bounded by number and bytes. What does not fit is refused at once, so that agents
/// keep it in their spools instead of our memory.
final class CommitQueue: Sendable {
    /// An upload and who waits for its outcome.
    struct Waiting: Sendable {
        var upload: VerifiedUpload
        var continuation: CheckedContinuation<Result<Void, Problem>, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var bytes = 0
        var isClosed = false
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private let state = Mutex(State())
    private let arrived = Signal()

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Makes room for an upload of `bytes`, from now until it is answered; false if there is none. Whoever has it must
    /// `release` it.
    func reserve(_ bytes: Int) -> Bool {
        state.withLock { state in
            // One alone always fits.
            guard state.bytes == 0 || state.bytes + bytes <= maximumBytes else { return false }
            state.bytes += bytes
            return true
        }
    }

    /// An upload of `bytes` is answered.
    func release(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    /// Bytes of uploads that are not answered.
    var bytes: Int { state.withLock { $0.bytes } }

    /// The refusal of what there is no room for.
    static let full = Problem(.overloaded, "too many batches wait to be stored")

    /// Waits until `upload`, for which there is room, is committed or refused.
    func submit(_ upload: VerifiedUpload) async -> Result<Void, Problem> {
        await withCheckedContinuation { continuation in
            let refusal = state.withLock { state -> Problem? in
                if state.isClosed { return Problem(.overloaded, "the aggregator is stopping") }
                guard state.waiting.count < maximumCount else { return Self.full }
                state.waiting.append(Waiting(upload: upload, continuation: continuation))
                return nil
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) } else { arrived.send() }
        }
    }

    /// Waits until something is there.
    ///
    /// - Throws: `CancellationError`.
    func waitForArrival() async throws {
        if count == 0 { try await arrived.wait() }
    }

    /// The next at most `limit` uploads, in the order of arrival.
    func take(_ limit: Int) -> [Waiting] {
        state.withLock { state in
            let group = Array(state.waiting.prefix(limit))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    /// Takes nothing more.
    func close() {
        state.withLock { $0.isClosed = true }
        arrived.send()
    }
}
