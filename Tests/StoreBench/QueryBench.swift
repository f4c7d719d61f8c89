@preconcurrency internal import Glibc
internal import Hummingbird
internal import Logging
internal import Model
internal import Postgres
internal import PromQL
internal import SeriesStore
internal import TestSupport

/// Stores an hour of many nodes, a day and a month of few, writes what others are to hold of it, and then answers queries.
///
/// Ours holds whole scrapes of the hour and the day, the others 40 metrics of them; the month has 40 metrics everywhere.
struct QueryBench {
    private static let members = ["n1", "n2", "n3"]
    private static let panelMetrics = 40
    private static let days = 30

    /// Where `samples.om` (OpenMetrics) and `samples.prom` (Prometheus's text format) are written.
    var folder: String

    func run() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let time = ManualWallClock(StoreBenchCommand.midnight)
            let store = try await Replay.store(pool, time)
            let panel = try Recording.panelFamilies(Self.panelMetrics)
            var files: PeerFiles? = try PeerFiles(folder: folder, families: panel)
            let small = try Self.members.map { try Recording($0, families: panel) }
            let whole = try Self.members.map { try Recording($0) }
            let end = time.now + .seconds(Self.days * 86_400)

            // Slowly, then quickly: time only goes forward, and the three end together.
            var month = try await Replay(small, cluster: "month", every: 60, in: pool)
            while time.now < end - .seconds(86_400) {
                try await month.advance(store, pool, &files, time.now)
                time.advance(by: .seconds(60))
                // Partitions are made an hour ahead.
                if month.rounds % 30 == 0 { try await store.maintain() }
                if month.rounds % 360 == 0 { try await store.compact() }
            }
            try await month.flush(store, pool)
            var day = try await Replay(whole, cluster: "day", every: 5, in: pool)
            while time.now < end - .seconds(3600) {
                try await day.advance(store, pool, &files, time.now)
                time.advance(by: .seconds(5))
                if day.rounds % 360 == 0 { try await Self.settle(store) }
            }
            var hour: [Replay] = []
            for number in 0..<34 {
                hour.append(try await Replay(whole, cluster: "hour-\(number)", every: 5, in: pool))
            }
            while time.now < end {
                try await day.advance(store, pool, &files, time.now)
                for at in hour.indices { try await hour[at].advance(store, pool, &files, time.now) }
                time.advance(by: .seconds(5))
                if day.rounds % 120 == 0 { try await Self.settle(store) }
            }
            try await day.flush(store, pool)
            for at in hour.indices { try await hour[at].flush(store, pool) }
            try files?.end()
            // The next day: everything lies in merged blocks.
            time.advance(by: .seconds(30 * 3600))
            try await Self.settle(store)
            try await pool.execute("vacuum analyze")
            try await serve(store, time.clock, end: end, samples: files?.samples ?? 0)
        }
    }

    private static func settle(_ store: SeriesStore) async throws {
        try await store.maintain()
        try await store.compact()
    }

    private func serve(_ store: SeriesStore, _ clock: WallClock, end: Timestamp, samples: Int) async throws {
        let api = PrometheusAPI(source: store, clock: clock)
        let router = Router()
        router.get("api/v1/query_range") { request, _ in
            let form = FormParameters(request.uri.queryParameters.map { (String($0.key), String($0.value)) })
            let answer = await api.answer("query_range", form)
            return Response(
                status: .init(code: answer.status), headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                print("{\"port\": \(port), \"end\": \(end.milliseconds / 1000), \"samples\": \(samples)}")
                fflush(stdout)
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            // A thread of its own: it waits for whoever asks to have asked enough.
            startThread {
                while readLine() != nil {}
                exit(0)
            }
            try await group.waitForAll()
        }
    }
}

/// Three members of one cluster that send what was recorded, their batches stored some at a time.
struct Replay {
    private let recordings: [Recording]
    private var agents: [RecordedAgent] = []
    private var boards: [SampleBoard]
    private var waiting: [AcceptedBatch] = []
    private let cluster: String
    private(set) var rounds = 0

    /// An empty store that takes many rounds at a time.
    static func store(_ pool: PostgresPool, _ time: ManualWallClock) async throws -> SeriesStore {
        var options = SeriesStore.Options()
        options.commitTolerance = .seconds(3600)
        let store = SeriesStore(pool, clock: time.clock, options: options, logger: Logger(label: "bench"))
        try await store.start()
        return store
    }

    init(_ recordings: [Recording], cluster: String, every seconds: Int, in pool: PostgresPool) async throws {
        self.recordings = recordings
        self.cluster = cluster
        boards = recordings.map { _ in SampleBoard() }
        for number in recordings.indices {
            agents.append(
                try await RecordedAgent("n\(number + 1)", cluster: cluster, every: .seconds(seconds), in: pool))
        }
    }

    /// One round of scrapes at `now`.
    mutating func advance(
        _ store: SeriesStore, _ pool: PostgresPool, _ files: inout PeerFiles?, _ now: Timestamp
    ) async throws {
        for at in agents.indices {
            recordings[at].set(round: rounds, on: &boards[at])
            boards[at].begin()
            for number in boards[at].series.indices { boards[at].keep(number) }
            boards[at].set("up", to: 1, .gauge, help: "Whether the target answered.")
            boards[at].end()
            waiting.append(try agents[at].batch(boards[at], at: now))
            try files?.add(boards[at], cluster: cluster, instance: "n\(at + 1):2379", at: now)
        }
        rounds += 1
        if waiting.count >= 90 { try await flush(store, pool) }
    }

    /// Stores what waits.
    mutating func flush(_ store: SeriesStore, _ pool: PostgresPool) async throws {
        guard !waiting.isEmpty else { return }
        let group = waiting
        waiting = []
        store.apply(committed: try await pool.transaction { try await store.write(group, on: $0) })
    }
}

/// The samples of some families, as text that Prometheus and VictoriaMetrics import.
struct PeerFiles {
    private let families: Set<String>
    private let openMetrics: UnsafeMutablePointer<FILE>
    private let text: UnsafeMutablePointer<FILE>
    /// The lines up to the value, by member and number of the series.
    private var names: [String: [String?]] = [:]
    private(set) var samples = 0

    init(folder: String, families: Set<String>) throws {
        self.families = families
        guard let openMetrics = fopen("\(folder)/samples.om", "w"), let text = fopen("\(folder)/samples.prom", "w")
        else {
            throw BenchError(message: "\(folder): cannot be written to")
        }
        (self.openMetrics, self.text) = (openMetrics, text)
    }

    mutating func add(_ board: SampleBoard, cluster: String, instance: String, at now: Timestamp) throws {
        let place = "\(cluster)/\(instance)"
        var known = names[place] ?? []
        for number in known.count..<max(known.count, board.series.count) {
            let series = board.series[number]
            let isWanted = families.contains(board.families[series.family].name)
            let full = series.labels.adding(["cluster": cluster, "instance": instance, "job": "etcd"])
            known.append(isWanted ? full.description : nil)
        }
        names[place] = known
        var (first, second) = ("", "")
        for (name, value) in zip(known, board.values) {
            guard let name, !value.isStale else { continue }
            samples += 1
            first += "\(name) \(value) \(now.milliseconds / 1000)\n"
            second += "\(name) \(value) \(now.milliseconds)\n"
        }
        guard fputs(first, openMetrics) >= 0, fputs(second, text) >= 0 else {
            throw BenchError(message: "the samples for the peers cannot be written")
        }
    }

    mutating func end() throws {
        fputs("# EOF\n", openMetrics)
        guard fclose(openMetrics) == 0, fclose(text) == 0 else {
            throw BenchError(message: "the samples for the peers cannot be written")
        }
    }
}
