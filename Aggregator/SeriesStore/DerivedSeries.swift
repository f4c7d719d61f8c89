internal import FrameCodec
internal import Model

/// Series that the aggregator makes itself: alerts, recordings, its own metrics. They take the way of all others, as
/// batches of an agent that is the aggregator, one stream per source; so they survive a restart and read alike.
actor DerivedSeries {
    private let identity: OwnAgent
    private let clock: WallClock
    private var streams: [String: OwnStream] = [:]

    init(identity: OwnAgent, clock: WallClock) {
        self.identity = identity
        self.clock = clock
    }

    /// The round as a batch, to be written.
    func encode(
        _ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp
    ) async throws -> AcceptedBatch {
        let own = try await identity.get()
        var stream = streams[source] ?? OwnStream(source, own.id)
        let batch = try stream.encode(at, madeAt: clock.now, own.row) { board in
            for sample in samples {
                let family = board.family(sample.labels.metric, .gauge)
                board.set(board.number(of: sample.labels, family: family), to: sample.value)
            }
        }
        streams[source] = stream
        return batch
    }

    /// The round was not stored: nothing may build on it.
    func forget(source: String) {
        streams[source]?.encoder.restart()
    }
}
