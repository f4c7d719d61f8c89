internal import Logging
internal import Model
internal import Postgres
internal import PrometheusText
internal import SeriesStore
internal import TestSupport

/// Stores the recorded hour, waits until all is merged, and asks PostgreSQL what it takes.
struct BytesBench {
    private static let members = ["n1", "n2", "n3"]

    /// How many clusters replay the hour. Each source's blocks are compressed by themselves, so none sees the repetition;
    /// but the least that an empty table takes is shared by all.
    var clusters: Int

    func run() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let time = ManualWallClock(StoreBenchCommand.midnight)
            let store = SeriesStore(pool, clock: time.clock, logger: Logger(label: "bench"))
            try await store.start()
            var boards: [[SampleBoard]] = []
            for member in Self.members { boards.append(try Self.recorded(member)) }
            var agents: [RecordedAgent] = []
            for cluster in 0..<clusters {
                for member in Self.members {
                    agents.append(try await RecordedAgent(member, cluster: "trace-\(cluster)", in: pool))
                }
            }
            for round in boards[0].indices {
                if round % 12 == 0 { try await store.maintain() }
                var batches: [AcceptedBatch] = []
                for at in agents.indices { batches.append(try agents[at].batch(boards[at % 3][round], at: time.now)) }
                let group = batches
                store.apply(committed: try await pool.transaction { try await store.write(group, on: $0) })
                time.advance(by: .seconds(5))
            }
            let young = ContinuousClock.now
            // The next day: what was young has been dropped.
            time.advance(by: .seconds(30 * 3600))
            try await store.maintain()
            try await store.compact()
            let took = ContinuousClock.now - young
            try await pool.execute("vacuum analyze")
            let report = try await store.report()
            let tables = report.tables.filter { $0.bytes > 100_000 }.map { "\"\($0.name)\": \($0.bytes)" }
            print(
                """
                {"nodes": \(agents.count), "samples": \(report.samples), "bytes": \(report.bytes), "bytes_per_sample": \
                \(report.bytesPerSample ?? 0), "merged_blocks": \(report.mergedBlocks), "young_blocks": \
                \(report.youngBlocks), "compaction_and_merge_seconds": \(Self.seconds(took)), \
                "tables": {\(tables.joined(separator: ", "))}}
                """)
        }
    }

    /// Every scrape of `member`.
    static func recorded(_ member: String, first: Int = .max) throws -> [SampleBoard] {
        var parser = ExpositionParser()
        var board = SampleBoard()
        var boards: [SampleBoard] = []
        try EtcdTrace.scrapes(of: member, first: first) { _, text in
            board.begin()
            try parser.parse(text, into: &board)
            board.set("up", to: 1, .gauge, help: "Whether the target answered.")
            board.end()
            boards.append(board)
        }
        return boards
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
