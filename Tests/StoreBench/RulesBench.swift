internal import Logging
internal import Model
internal import Postgres
internal import PromQL
internal import Rules
internal import SeriesStore
internal import TestSupport

/// Six minutes of many nodes, and what evaluating the built-in groups over them takes.
struct RulesBench {
    var nodes: Int

    func run() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let time = ManualWallClock(StoreBenchCommand.midnight)
            var options = SeriesStore.Options()
            options.commitTolerance = .seconds(3600)
            let store = SeriesStore(pool, clock: time.clock, options: options, logger: Logger(label: "bench"))
            try await store.start()
            let groups = try RuleFile.builtIn().flatMap(\.groups)
            let names = groups.flatMap(\.rules).flatMap(\.query.expression.metricNames)
            let families = Set(names + names.map { BacktestBench.base(of: $0) })
            let recordings = try ["n1", "n2", "n3"].map { try Recording($0, families: families) }
            var replays: [Replay] = []
            for cluster in 0..<max(1, nodes / 3) {
                replays.append(try await Replay(recordings, cluster: "c-\(cluster)", every: 5, in: pool))
            }
            var none: PeerFiles?
            for _ in 0..<72 {
                for at in replays.indices { try await replays[at].advance(store, pool, &none, time.now) }
                for at in replays.indices { try await replays[at].flush(store, pool) }
                time.advance(by: .seconds(5))
            }
            let engine = PromQLEngine(source: store)
            // The second time all that is remembered is there, as it is in operation.
            for isWarm in [false, true] {
                for group in groups { try await evaluate(group, engine, at: time.now, isTold: isWarm) }
            }
        }
    }

    private func evaluate(_ group: RuleGroup, _ engine: PromQLEngine, at now: Timestamp, isTold: Bool) async throws {
        var costs: [(rule: String, seconds: Double)] = []
        for rule in group.rules {
            let began = ContinuousClock.now
            _ = try await engine.instant(rule.query, at: now)
            costs.append((rule.name, BytesBench.seconds(ContinuousClock.now - began)))
        }
        guard isTold else { return }
        let interval = BytesBench.seconds(RuleSettings().interval(of: group))
        let sum = costs.reduce(0) { $0 + $1.seconds }
        let worst = costs.sorted { $0.seconds > $1.seconds }.prefix(3).map { "\"\($0.rule)\": \($0.seconds)" }
        print(
            """
            {"nodes": \(nodes), "group": "\(group.name)", "interval_seconds": \(interval), "rules": \(costs.count), \
            "seconds": \(sum), "share_of_a_core": \(sum / interval), "dearest": {\(worst.joined(separator: ", "))}}
            """)
    }
}
