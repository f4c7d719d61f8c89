import FrameCodec
import Logging
import Model
import Postgres
import PrometheusText
import SeriesQuery
@testable import SeriesStore
import Synchronization
import TestSupport
import Testing

/// A time of day that tests move.
final class MovableClock: Sendable {
    private let instant: Mutex<Timestamp>

    init(_ instant: Timestamp) { self.instant = Mutex(instant) }

    var now: Timestamp {
        get { instant.withLock { $0 } }
        set { instant.withLock { $0 = newValue } }
    }

    var wallClock: WallClock { WallClock { self.now } }
}

/// Any day's midnight, UTC.
let midnight = Timestamp(milliseconds: 1_800_057_600_000)

/// An enrolled agent that scrapes one etcd member, whose board tests fill.
struct TestAgent {
    let row: Int32
    let id: AgentID
    let node: String
    var board = SampleBoard()
    private var encoder: StreamEncoder
    private var epoch: UInt64
    private var sequence: UInt64 = 0
    private let sources: [SourceDescriptor]

    /// Enrols the agent of `node` in `cluster`.
    init(
        _ node: String, cluster: String = "prod", in pool: PostgresPool,
        sources: [SourceDescriptor] = [SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: .seconds(5))],
        at: Timestamp = midnight
    ) async throws {
        let enrolled = try await EnrolledAgent(node: node, cluster: cluster, in: pool)
        row = enrolled.row
        id = try #require(AgentID(bytes: enrolled.uid))
        self.node = node
        self.sources = sources
        encoder = StreamEncoder(agent: id, sources: sources)
        epoch = .random(in: 1...UInt64(Int64.max))
    }

    /// A new spool, as after a restart.
    mutating func beginEpoch(sources: [SourceDescriptor]? = nil) {
        encoder = StreamEncoder(agent: id, sources: sources ?? self.sources)
        epoch = .random(in: 1...UInt64(Int64.max))
        sequence = 0
    }

    /// Sets `up` and one counter.
    mutating func fill(_ value: Double, extra: [String] = []) {
        board.begin()
        board.set("up", to: 1, .gauge, help: "Whether the target answered.")
        board.set("etcd_counter_total", ["job": "scraped"], to: value, .counter, help: "A counter.")
        for name in extra { board.set(name, to: value, .gauge, help: "") }
        board.end()
    }

    /// The board, scraped `at` that instant and received then, or at `receivedAt`.
    mutating func batch(at: Timestamp, receivedAt: Timestamp? = nil, source: Int = 0) throws -> AcceptedBatch {
        sequence += 1
        encoder.begin(
            BatchSlot(epoch: epoch, sequence: sequence, startsSegment: sequence == 1), madeAt: at)
        encoder.add(board, source: source, at: at)
        let body = try Compression.decompress(encoder.finish().body, limit: 1 << 20)
        return AcceptedBatch(
            agent: row, receivedAt: receivedAt ?? at, digest: [UInt8](repeating: 0, count: 32),
            batch: try Batch.decode(body))
    }
}

extension SeriesStore {
    /// A store that has started on `pool`.
    static func started(
        _ pool: PostgresPool, _ clock: MovableClock, _ change: (inout Options) -> Void = { _ in }
    ) async throws -> SeriesStore {
        var options = Options()
        options.listeningGrace = .zero
        change(&options)
        let store = SeriesStore(pool, clock: clock.wallClock, options: options, logger: Logger(label: "test"))
        try await store.start()
        return store
    }

    /// What Ingest does with verified batches.
    func ingest(_ batches: [AcceptedBatch]) async throws {
        let written = try await pool.transaction { try await self.write(batches, on: $0) }
        apply(committed: written)
    }

    /// The samples of one series by `matchers`, which must match no more than one.
    func samples(_ matchers: LabelMatcher..., from start: Timestamp, to end: Timestamp) async throws -> [Sample] {
        let found = try await series(SeriesSelection(matchers: matchers, start: start, end: end))
        try #require(found.count <= 1)
        return found.first?.samples ?? []
    }
}

extension SampledSeries {
    var samples: [Sample] {
        zip(timestamps, values).map { Sample(Timestamp(milliseconds: $0), $1) }
    }
}

func seconds(_ count: Int) -> Duration { .seconds(count) }
