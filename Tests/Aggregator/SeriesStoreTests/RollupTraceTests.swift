import FrameCodec
import Model
import Postgres
import PromQL
import PrometheusText
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

/// A real member's series: the recorded hour, played in a day.
@Suite(
    .enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"),
    .enabled(if: EtcdTrace.archive != nil, "the recorded trace is not here: set ETCD_TRACE"))
struct RollupTraceTests {
    private static let queries = [
        "last_over_time({__name__=~\".+\"}[4h])",
        "rate(etcd_disk_wal_fsync_duration_seconds_bucket[4h])", "increase(grpc_server_handled_total[2h])",
        "rate(etcd_disk_backend_commit_duration_seconds_sum[3h])", "rate(process_cpu_seconds_total[6h])",
        "increase(etcd_network_peer_round_trip_time_seconds_count[24h])", "delta(etcd_mvcc_db_total_size_in_bytes[4h])",
        "avg_over_time(go_memstats_alloc_bytes[4h])", "min_over_time(go_goroutines[5h])",
        "max_over_time(process_resident_memory_bytes[12h])", "sum_over_time(etcd_server_has_leader[2h])",
        "count_over_time(etcd_server_leader_changes_seen_total[2h])",
        "histogram_quantile(0.99, sum by (le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[4h])))",
    ]

    @Test func hoursOfARealMemberTellWhatItsSamplesTell() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            var world = try await RollupWorld(pool)
            world.agent = try await TestAgent(
                "n3", in: pool, sources: [.init(kind: .etcd, name: "m", port: 2379, interval: .seconds(120))])
            var parser = ExpositionParser()
            var scrapes: [[UInt8]] = []
            try EtcdTrace.scrapes(of: "n3") { _, text in scrapes.append(text) }
            for (round, text) in scrapes.enumerated() {
                world.clock.now = midnight + seconds(120 * round + 7)
                if round % 30 == 0 { try await world.store.maintain() }
                world.agent.board.begin()
                try parser.parse(text, into: &world.agent.board)
                world.agent.board.end()
                try await world.store.ingest([world.agent.batch(at: world.clock.now)])
            }
            world.clock.now = midnight + hours(26)
            try await world.store.maintain()
            try await world.store.compact()
            try await print(Self.cost(pool))
            for query in Self.queries {
                let (start, end) = (midnight + hours(4), midnight + hours(24))
                let rolled = try await world.rolled.range(query, start: start, end: end, step: hours(1))
                let raw = try await world.raw.range(query, start: start, end: end, step: hours(1))
                expectEqual(rolled, raw)
                #expect(!rolled.infos.isEmpty)
            }
        }
    }

    /// What a day of hours takes, beside the day's samples.
    private static func cost(_ pool: PostgresPool) async throws -> String {
        let row = try await pool.query(
            """
            select sum(length(body))::bigint as bytes, sum(series)::bigint as series,
                (select sum(length(body))::bigint from block) as blocks from rollup
            """)
        let (bytes, series, blocks): (Int, Int, Int) = (
            try row[0]["bytes"], try row[0]["series"], try row[0]["blocks"]
        )
        return "a day of \(series) series: \(bytes) bytes of rollups; of the 720 scrapes, \(blocks) bytes of blocks"
    }
}
