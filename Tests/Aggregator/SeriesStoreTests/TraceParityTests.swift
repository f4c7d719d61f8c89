import FrameCodec
import Model
import Postgres
import PromQL
import PrometheusText
import TestSupport
import Testing

@testable import SeriesStore

/// The recorded hour of a real cluster in a real Prometheus and in our store: every query of
/// `Fixtures/promql/parity.promql` must be answered alike, at an instant and over time.
@Suite(
    .enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"),
    .enabled(if: PrometheusServer.isInstalled, "prometheus is not installed"),
    .enabled(if: EtcdTrace.archive != nil, "the recorded trace is not here: set ETCD_TRACE"))
struct TraceParityTests {
    /// One scrape in so many is taken: the hour stays an hour, and loading it stays quick.
    private static let stride = 4

    @Test func answersWhatPrometheusAnswersOverTheTrace() async throws {
        let queries = try Self.queries()
        #expect(queries.count >= 300)
        let recording = try TraceRecording(takingOneIn: Self.stride)
        let server = try await PrometheusServer(openMetrics: recording.openMetrics)
        try await PostgresFixture.shared.withDatabase { pool in
            let (store, end) = try await recording.store(in: pool)
            let api = PrometheusAPI(source: store, options: .prometheus2, clock: WallClock { end })
            do {
                var asked = 0
                for (number, query) in queries.enumerated() {
                    for (path, form) in Self.questions(query, number: number) {
                        try await compare(path, form, server, api)
                        asked += 1
                    }
                }
                print("parity with Prometheus: \(queries.count) queries, asked \(asked) times")
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
        }
    }

    private static func queries() throws -> [String] {
        String(decoding: try FixtureFile.read("promql/parity.promql"), as: UTF8.self).split(separator: "\n")
            .map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// An instant and a range; which ones goes by turns, so that all queries see steps that fall on scrapes, between them
    /// and beyond both ends.
    private static func questions(_ query: String, number: Int) -> [(
        path: String, form: [(name: String, value: String)]
    )] {
        let instants = ["1795436000", "1795438590.5", "1795437123.209", "1795438700"]
        let ranges = [
            ("1795434900", "1795438800", "60"), ("1795436000.5", "1795437000", "17"),
            ("1795438000", "1795438590", "30"),
        ]
        let (start, end, step) = ranges[number % ranges.count]
        return [
            ("query", [("query", query), ("time", instants[number % instants.count])]),
            ("query_range", [("query", query), ("start", start), ("end", end), ("step", step)]),
        ]
    }

    private func compare(
        _ path: String, _ form: [(name: String, value: String)], _ server: PrometheusServer, _ api: PrometheusAPI
    ) async throws {
        let theirs = try await server.get(path, form)
        let ours = await api.answer(path, FormParameters(form))
        let difference = try PrometheusAnswer(status: ours.status, body: ours.body)
            .difference(from: PrometheusAnswer(status: theirs.status, body: theirs.body))
        if let difference { Issue.record("\(path) \(form.map(\.value)): \(difference)") }
    }
}

/// Scrapes of the three members of the trace, in order of time.
private struct TraceRecording {
    static let members = ["n1", "n2", "n3"]

    private var scrapes: [(milliseconds: Int64, member: Int, text: [UInt8])] = []

    init(takingOneIn stride: Int) throws {
        for (member, name) in Self.members.enumerated() {
            var count = 0
            try EtcdTrace.scrapes(of: name) { milliseconds, text in
                if count % stride == 0 { scrapes.append((milliseconds, member, text)) }
                count += 1
            }
        }
        scrapes.sort { $0.milliseconds < $1.milliseconds }
    }

    /// The lines of all scrapes with the labels that our store adds, and `up`. Made without our parser.
    var openMetrics: [UInt8] {
        var text: [UInt8] = []
        for scrape in scrapes {
            let identity = #"cluster="prod",instance="\#(Self.members[scrape.member]):2379",job="etcd""#
            let time = " \(scrape.milliseconds / 1000).\(String(scrape.milliseconds % 1000 + 1000).dropFirst())\n"
            text += "up{\(identity)} 1\(time)".utf8
            for line in scrape.text.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
                let end = line.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") } ?? line.endIndex
                text += line[..<end]
                text += "{\(identity)".utf8
                if line[end] == UInt8(ascii: "{") {
                    text.append(UInt8(ascii: ","))
                    text += line[(end + 1)...]
                } else {
                    text.append(UInt8(ascii: "}"))
                    text += line[end...]
                }
                text += time.utf8
            }
        }
        return text + "# EOF\n".utf8
    }

    /// A store that was sent all scrapes as they came, most of which are blocks by now, and the time just after the last.
    func store(in pool: PostgresPool) async throws -> (SeriesStore, Timestamp) {
        let clock = MovableClock(Timestamp(milliseconds: scrapes[0].milliseconds))
        let store = try await RollupWorld.start(pool, clock) { $0.batchSlot = .seconds(600) }
        let source = SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: .seconds(20))
        var agents: [TestAgent] = []
        for member in Self.members { agents.append(try await TestAgent(member, in: pool, sources: [source])) }
        var parsers = Self.members.map { _ in ExpositionParser() }
        for (round, scrape) in scrapes.enumerated() {
            let at = Timestamp(milliseconds: scrape.milliseconds)
            clock.now = max(clock.now, at)
            if round % 90 == 0 { try await store.maintain() }
            agents[scrape.member].board.begin()
            agents[scrape.member].board.set("up", to: 1, .gauge, help: "")
            try parsers[scrape.member].parse(scrape.text, into: &agents[scrape.member].board)
            agents[scrape.member].board.end()
            try await store.ingest([agents[scrape.member].batch(at: at)])
        }
        clock.now = clock.now + .seconds(1)
        try await store.maintain()
        try await store.compact()
        return (store, clock.now)
    }
}
