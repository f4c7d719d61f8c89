import FrameCodec
import Model
import Postgres
import PromQL
import SeriesQuery
import Testing

@testable import SeriesStore

func hours(_ count: Int) -> Duration { .seconds(3600 * count) }

/// An agent that scrapes each five minutes, its aggregator, and two who ask: one that takes rollups, one that does not.
struct RollupWorld {
    let clock = MovableClock(midnight)
    let store: SeriesStore
    var agent: TestAgent
    /// What the agent's clock is ahead.
    var clockError: Duration = .zero

    var rolled: PromQLEngine { PromQLEngine(source: store) }
    var raw: PromQLEngine { PromQLEngine(source: SamplesOnly(store: store)) }

    init(_ pool: PostgresPool, _ change: (inout SeriesStore.Options) -> Void = { _ in }) async throws {
        store = try await Self.start(pool, clock, change)
        let member = SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: .seconds(300))
        agent = try await TestAgent("n1", in: pool, sources: [member])
    }

    static func start(
        _ pool: PostgresPool, _ clock: MovableClock, _ change: (inout SeriesStore.Options) -> Void = { _ in }
    ) async throws -> SeriesStore {
        try await SeriesStore.started(pool, clock) {
            $0.batchSlot = .seconds(3600)
            $0.recentAge = .seconds(60)
            $0.commitTolerance = .seconds(10)
            change(&$0)
        }
    }

    /// Scrapes of some rounds, kept up as a running aggregator does; nothing in rounds without a value.
    mutating func ingest(
        _ rounds: Range<Int>, extra: [String] = [], value: (Int) -> Double?
    ) async throws {
        for round in rounds {
            clock.now = midnight + seconds(300 * round + 7)
            if round % 12 == 0 || round == rounds.lowerBound { try await store.maintain() }
            guard let value = value(round) else { continue }
            agent.fill(value, extra: extra)
            try await store.ingest([agent.batch(at: clock.now + clockError, receivedAt: clock.now)])
        }
    }

    /// Time passes.
    func pause(until round: Int) async throws {
        clock.now = midnight + seconds(300 * round)
        try await store.maintain()
    }
}

/// A store that does not know what an asker needs.
struct SamplesOnly: SeriesSource {
    let store: SeriesStore

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        var selection = selection
        selection.need = .everySample
        return try await store.series(selection)
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] { try await store.labelSets(selections) }
    func metadata(metric: String?) async throws -> [MetricFamily] { try await store.metadata(metric: metric) }
}

extension QueryResult {
    /// The value of a vector of one.
    var only: Double {
        get throws {
            guard case .vector(let samples) = value else { throw Mismatch() }
            return try #require(samples.count == 1 ? samples[0].sample.value : nil)
        }
    }

    private struct Mismatch: Error {}

    /// Labels, timestamps and values.
    fileprivate var columns: [Labels: (timestamps: [Int64], values: [Double])] {
        switch value {
        case .matrix(let series):
            Dictionary(series.map { ($0.labels, ($0.timestamps, $0.values)) }) { $1 }
        case .vector(let samples):
            Dictionary(samples.map { ($0.labels, ([$0.sample.timestamp.milliseconds], [$0.sample.value])) }) { $1 }
        default: [:]
        }
    }
}

/// Both have the same series with the same values, but for rounding.
func expectEqual(_ left: QueryResult, _ right: QueryResult, location: SourceLocation = #_sourceLocation) {
    let (mine, theirs) = (left.columns, right.columns)
    #expect(!theirs.isEmpty, sourceLocation: location)
    #expect(Set(mine.keys) == Set(theirs.keys), sourceLocation: location)
    for (labels, column) in theirs {
        guard let other = mine[labels] else { continue }
        #expect(other.timestamps == column.timestamps, "\(labels)", sourceLocation: location)
        for (at, pair) in zip(other.values, column.values).enumerated() {
            let isSame =
                abs(pair.0 - pair.1) <= 1e-9 * max(1, abs(pair.1)) || pair.0.isNaN && pair.1.isNaN
                || pair.0 == pair.1
            #expect(isSame, "\(labels) at \(column.timestamps[at]): \(pair.0), not \(pair.1)", sourceLocation: location)
        }
    }
}
