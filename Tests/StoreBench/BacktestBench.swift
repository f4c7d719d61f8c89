internal import Model
internal import Postgres
internal import PromQL
internal import Rules
internal import SeriesStore
internal import TestSupport

/// Stores days of one cluster of three members every 5 s, and backtests built-in rules over them.
struct BacktestBench {
    private static let rules = [
        "EtcdFsyncSlow", "EtcdFsyncVerySlow", "EtcdCommitSlow", "EtcdPeerRoundTripSlow", "EtcdLeaderChanged",
        "EtcdMostRequestsFailing", "EtcdDatabaseFullSoon", "EtcdDatabaseFragmented",
    ]

    var days: Int

    func run() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let time = ManualWallClock(StoreBenchCommand.midnight)
            let store = try await Replay.store(pool, time)
            let groups = try RuleFile.builtIn().flatMap(\.groups)
            let families = try Self.families(of: groups)
            let recordings = try ["n1", "n2", "n3"].map { try Recording($0, families: families) }
            var replay = try await Replay(recordings, cluster: "prod", every: 5, in: pool)
            let start = time.now
            let began = ContinuousClock.now
            while time.now - start < .seconds(days * 86_400) {
                var none: PeerFiles?
                try await replay.advance(store, pool, &none, time.now)
                time.advance(by: .seconds(5))
                if replay.rounds % 360 == 0 {
                    try await replay.flush(store, pool)
                    try await store.maintain()
                    try await store.compact()
                }
            }
            try await replay.flush(store, pool)
            let end = time.now
            time.advance(by: .seconds(30 * 3600))
            try await store.maintain()
            try await store.compact()
            try await pool.execute("vacuum analyze")
            print("{\"days\": \(days), \"stored_in_seconds\": \(BytesBench.seconds(ContinuousClock.now - began))}")
            for name in Self.rules {
                let (rule, group) = try RuleGroup.find(name, in: groups)
                for step in [nil, group.interval, Duration.seconds(60)] {
                    var question = Backtest.Question(rule: rule, group: group, start: start, end: end)
                    question.cluster = "prod"
                    question.step = step
                    do {
                        let report = try await Backtest(source: store, deadline: .seconds(600)).run(question)
                        print(
                            """
                            {"rule": "\(name)", "step_seconds": \(BytesBench.seconds(report.step)), "evaluations": \
                            \(report.evaluations), "samples": \(report.samplesRead), "firings": \(report.count), \
                            "seconds": \(BytesBench.seconds(report.took))}
                            """)
                    } catch {
                        print("{\"rule\": \"\(name)\", \"error\": \"\(error)\"}")
                    }
                }
            }
        }
    }

    /// What the rules look at.
    private static func families(of groups: [RuleGroup]) throws -> Set<String> {
        let names = try rules.flatMap { name in
            try RuleGroup.find(name, in: groups).rule.query.expression.metricNames
        }
        return Set(names + names.map { base(of: $0) })
    }

    /// The family that has a series of this name.
    static func base(of name: String) -> String {
        ["_bucket", "_count", "_sum"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
    }
}
