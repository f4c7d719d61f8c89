internal import Logging
internal import Model
internal import Postgres
internal import SeriesQuery
internal import SeriesStore
internal import TestSupport

/// Many nodes with one scrape each: what naming their series takes, and how long it takes to find some.
struct CatalogueBench {
    var nodes: Int

    func run() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let time = ManualWallClock(StoreBenchCommand.midnight)
            let began = time.now
            let board = try BytesBench.recorded("n1", first: 1)[0]
            do {
                let store = SeriesStore(pool, clock: time.clock, logger: Logger(label: "bench"))
                try await store.start()
                for some in stride(from: 0, to: nodes, by: 200) {
                    var batches: [AcceptedBatch] = []
                    for node in some..<min(nodes, some + 200) {
                        var agent = try await RecordedAgent("node-\(node)", cluster: "c-\(node / 3)", in: pool)
                        batches.append(try agent.batch(board, at: began))
                    }
                    let group = batches
                    store.apply(committed: try await pool.transaction { try await store.write(group, on: $0) })
                }
            }
            try await pool.execute("vacuum analyze")
            var options = SeriesStore.Options()
            // Only the catalogue is to be weighed, not recent batches.
            options.recentBytes = 0
            let before = try ResidentMemory.bytes()
            let store = SeriesStore(pool, clock: time.clock, options: options, logger: Logger(label: "bench"))
            let start = ContinuousClock.now
            try await store.start()
            let took = ContinuousClock.now - start
            let memory = try ResidentMemory.bytes() - before
            let searches: [(String, [LabelMatcher])] = [
                ("one_node", [.equal("__name__", "up"), .equal("instance", "node-77:2379")]),
                ("one_cluster", [.equal("__name__", "etcd_server_has_leader"), .equal("cluster", "c-25")]),
                ("one_metric_everywhere", [.equal("__name__", "etcd_server_has_leader")]),
                ("pattern", [try .matches("__name__", "etcd_disk_wal.*"), try .matches("cluster", "c-1.")]),
            ]
            var found: [String] = []
            for (name, matchers) in searches {
                let selection = SeriesSelection(matchers: matchers, start: began, end: began)
                let start = ContinuousClock.now
                let count = try await store.labelSets([selection]).count
                let milliseconds = BytesBench.seconds(ContinuousClock.now - start) * 1000
                found.append("\"\(name)\": {\"series\": \(count), \"milliseconds\": \(milliseconds)}")
            }
            let report = try await store.report()
            let tables = report.tables.filter {
                ["agent", "node", "source", "source_number", "source_layout", "layout", "ledger"].contains($0.name)
            }
            print(
                """
                {"nodes": \(nodes), "series": \(nodes * board.series.count), "memory_bytes": \(memory), \
                "start_seconds": \(BytesBench.seconds(took)), "table_bytes": \
                \(tables.reduce(0) { $0 + $1.bytes }), "found": {\(found.joined(separator: ", "))}}
                """)
        }
    }
}
