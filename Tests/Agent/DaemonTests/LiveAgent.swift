import AgentProtocol
import Cryptography
import Dispatch
import FrameCodec
import HTTPClient
import Logging
import Model
import Synchronization
import TestSupport
import Testing
import Uplink

@testable import etcd_monitor_agent

/// A whole agent on real members, and an aggregator that takes and decodes everything.
final class LiveAgent: Sendable {
    let received = Received()
    private let assembly: AgentAssembly
    private let directory: TemporaryDirectory
    private let aggregator: StubHTTPServer

    /// - Parameter members: name, client URL, metrics URL and data directory of each.
    init(
        members: [(name: String, clientURL: String, metricsURL: String?, data: String)], scrape: String,
        status: String = "250ms"
    ) throws {
        directory = try TemporaryDirectory()
        var text = """
            aggregators: [https://unused:1]
            cluster: test
            state_directory: \(directory.path)
            intervals: {scrape: \(scrape), status: \(status)}
            members:

            """
        for member in members {
            text += "  - {name: \(member.name), client_url: '\(member.clientURL)', data_dir: \(member.data)"
            text += member.metricsURL.map { ", metrics_url: '\($0)'}\n" } ?? "}\n"
        }
        var configuration = try AgentConfiguration(text, name: "test")
        let received = received
        aggregator = try StubHTTPServer { request in
            switch request.target {
            case AgentProtocol.batchesPath:
                received.take(request.body)
                return .answer(status: 204)
            // Asked after a failure, as a slow machine makes one.
            case AgentProtocol.ledgerPath: return .answer(status: 200, body: LedgerAnswer(lacking: []).json)
            default: return .answer(status: 404)
            }
        }
        // The aggregator's side of TLS is tested where it is; here it speaks plainly.
        configuration.aggregators = [aggregator.url]
        let identity = AgentIdentity(
            agent: try #require(AgentID("000102030405060708090a0b0c0d0e0f")), cluster: "test", node: "n1",
            key: try Ed25519PrivateKey.generate(), authorityPEM: "")
        assembly = try AgentAssembly(configuration, identity: identity)
    }

    /// Runs the agent while `body` runs.
    func running(_ body: @escaping @Sendable (Received) async throws -> Void) async throws {
        let (assembly, received) = (assembly, received)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let (never, continuation) = AsyncStream.makeStream(of: Never.self)
                try await assembly.run { for await _ in never {} }
                continuation.finish()
            }
            group.addTask { try await body(received) }
            // The body ends first, or the agent's failure does.
            try await group.next()
            group.cancelAll()
        }
    }
}

/// What came to the aggregator, decoded in order.
final class Received: Sendable {
    /// A scrape of a source.
    struct Frame: Sendable {
        var source: Int
        var timestamp: Timestamp
        var values: [String: Double]
        /// The batch it came in.
        var sequence: UInt64
    }

    /// What a member's state became.
    struct State: Sendable {
        var source: Int
        var state: MemberState
        var sequence: UInt64
    }

    fileprivate struct Stream {
        var frames: [Frame] = []
        var states: [State] = []
        var sources: [Int: SourceDescriptor] = [:]
        var context = StreamContext()
        var layouts: [LayoutHash: Layout] = [.none: Layout()]
        var keyframes: [String: (layout: Layout, values: KeyframeValues)] = [:]
        var problem: String?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let stream = Mutex(Stream())

    var frames: [Frame] { stream.withLock { $0.frames } }
    var states: [State] { stream.withLock { $0.states } }
    var sources: [Int: SourceDescriptor] { stream.withLock { $0.sources } }

    /// Waits until `find` finds what it looks for among all that came. Give the test a time limit.
    func first<Found: Sendable>(_ find: @Sendable (Received) -> Found?) async throws -> Found {
        while true {
            if let problem = stream.withLock({ $0.problem }) { throw CodecFailure(description: problem) }
            if let found = find(self) { return found }
            await withCheckedContinuation { continuation in stream.withLock { $0.waiting.append(continuation) } }
        }
    }

    struct CodecFailure: Error, CustomStringConvertible {
        var description: String
    }

    func take(_ body: [UInt8]) {
        let waiting = stream.withLock { stream in
            do {
                try stream.take(body)
            } catch {
                stream.problem = "\(error)"
            }
            defer { stream.waiting = [] }
            return stream.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension Received.Stream {
    fileprivate mutating func take(_ body: [UInt8]) throws {
        let batch = try Batch.decode(try Compression.decompress(body, limit: AgentProtocol.decompressedLimit))
        try context.admit(batch)
        for item in batch.items {
            switch item {
            case .source(let number, let descriptor): sources[number] = descriptor
            case .layout(_, let additions):
                var layout = layouts[additions.parent] ?? Layout()
                try layout.append(additions)
                layouts[layout.hash] = layout
            case .keyframe(let keyframe):
                let layout = layouts[keyframe.layout] ?? Layout()
                let values = try batch.values(of: keyframe)
                keyframes["\(keyframe.source) \(batch.header.sequence)"] = (layout, values)
                add(keyframe.source, keyframe.timestamp, layout, values.values, batch)
            case .frame(let frame):
                guard let base = keyframes["\(frame.source) \(frame.keyframe)"] else { continue }
                let values = try batch.values(of: frame, keyframe: base.values)
                add(frame.source, frame.timestamp, base.layout, values, batch)
            case .state(let source, let json):
                states.append(
                    Received.State(
                        source: source, state: try MemberState(json: json), sequence: batch.header.sequence))
            case .drop: break
            }
        }
    }

    private mutating func add(
        _ source: Int, _ timestamp: Timestamp, _ layout: Layout, _ values: [Double], _ batch: Batch
    ) {
        var named: [String: Double] = [:]
        for (series, value) in zip(layout.series, values) where !value.isStale {
            named[series.labels.description] = value
        }
        frames.append(
            Received.Frame(source: source, timestamp: timestamp, values: named, sequence: batch.header.sequence))
    }
}

/// A proxy before a member's `/metrics` that keeps every body it passed on.
final class RecordingProxy: Sendable {
    private let server: StubHTTPServer
    private let kept: Recording

    private final class Recording: Sendable {
        let bodies = Mutex<[[UInt8]]>([])
    }

    init(before url: String) throws {
        let http = HTTPClient()
        let kept = Recording()
        self.kept = kept
        server = try StubHTTPServer { request in
            let body = Mutex<[UInt8]>([])
            let done = DispatchSemaphore(value: 0)
            Task.detached {
                let response = try await http.send(HTTPRequest("GET", url + request.target), deadline: .seconds(10))
                body.withLock { $0 = response.body }
                done.signal()
            }
            done.wait()
            let bytes = body.withLock { $0 }
            kept.bodies.withLock { $0.append(bytes) }
            return .answer(status: 200, body: bytes)
        }
    }

    var url: String { server.url }

    /// The values in each body, by series as PromQL writes it.
    var scrapes: [[String: Double]] {
        kept.bodies.withLock { $0 }.map { body in
            var values: [String: Double] = [:]
            for line in String(decoding: body, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
                guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                    continue
                }
                values[Self.canonical(String(line[..<blank]))] = value
            }
            return values
        }
    }

    /// Labels sorted by name, as `Labels.description` has them. etcd's own values hold no comma and no brace.
    private static func canonical(_ series: String) -> String {
        guard let brace = series.firstIndex(of: "{") else { return series }
        let labels = series[series.index(after: brace)...].dropLast().split(separator: ",").sorted { left, right in
            left.prefix { $0 != "=" } < right.prefix { $0 != "=" }
        }
        return series[..<brace] + "{" + labels.joined(separator: ",") + "}"
    }
}
