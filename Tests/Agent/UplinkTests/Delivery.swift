import AgentProtocol
import Cryptography
import FrameCodec
import HTTPClient
import Logging
import MessageSignatures
import Model
import Spool
import Synchronization
import TestSupport
import Testing

@testable import Uplink

/// A wall clock that a test moves.
final class MovableClock: Sendable {
    private let milliseconds: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_800_000_000_000) {
        self.milliseconds = Mutex(milliseconds)
    }

    var clock: WallClock { WallClock { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) } }

    func move(by duration: Duration) {
        milliseconds.withLock { $0 += duration.milliseconds }
    }
}

/// An identity, a spool with its encoder, and stub aggregators with a sender between them.
final class Delivery: Sendable {
    let identity: AgentIdentity
    let spool: Spool
    let clock = MovableClock()
    let logs = LogCapture()
    private let directory: TemporaryDirectory
    private let encoder: Mutex<StreamEncoder>

    init() throws {
        directory = try TemporaryDirectory()
        let agent = try #require(AgentID("00112233445566778899aabbccddeeff"))
        identity = AgentIdentity(
            agent: agent, cluster: "test", node: "n1", key: try Ed25519PrivateKey.generate(), authorityPEM: "")
        spool = try Spool(directory: directory.file("spool"), limitBytes: 16 << 20)
        let source = SourceDescriptor(kind: .host, name: "n1", interval: .seconds(5))
        encoder = Mutex(StreamEncoder(agent: agent, sources: [source]))
    }

    /// A sender to `servers`, with pauses that do not hold a test up.
    func sender(to servers: [StubHTTPServer], _ change: (inout BatchSender.Pace) -> Void = { _ in }) -> BatchSender {
        var pace = BatchSender.Pace()
        pace.firstPause = .milliseconds(1)
        pace.longestPause = .milliseconds(5)
        pace.refusedPause = .milliseconds(1)
        pace.historyPause = .milliseconds(1)
        pace.questionDelay = .seconds(3600) ... .seconds(7200)
        pace.questionPause = .milliseconds(1)
        change(&pace)
        return BatchSender(
            identity: identity, aggregators: servers.map(\.url), spool: spool, client: HTTPClient(),
            logger: logs.logger(), clock: clock.clock, pace: pace)
    }

    /// Appends `count` batches and returns their sequences.
    @discardableResult
    func append(_ count: Int = 1) async throws -> [UInt64] {
        var sequences: [UInt64] = []
        for _ in 0..<count {
            let slot = await spool.nextSlot
            let now = clock.clock.now
            let batch = try encoder.withLock { encoder in
                var board = SampleBoard()
                board.begin()
                board.set("x", to: Double(now.milliseconds), .gauge, help: "")
                board.end()
                encoder.begin(slot, madeAt: now)
                encoder.add(board, source: 0, at: now)
                return try encoder.finish()
            }
            try await spool.append(batch, sync: false)
            sequences.append(slot.sequence)
            clock.move(by: .seconds(5))
        }
        return sequences
    }

    /// Runs `sender` while `body` runs.
    func running(_ sender: BatchSender, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await sender.run()
                } catch is CancellationError {
                    return
                }
            }
            try await body()
            group.cancelAll()
        }
    }

    /// Waits until nothing is left to be acknowledged. Give the test a time limit.
    func waitUntilEmpty() async throws {
        while await spool.status.pending > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// What a request to the batches' path carries.
struct Posted {
    var header: BatchHeader
    var created: Int64

    /// Checks path, headers, digest and signature, and reads the batch.
    init(_ request: StubHTTPServer.Request, key: Ed25519PublicKey, keyID: String) throws {
        #expect(request.method == "POST")
        #expect(request.target == AgentProtocol.batchesPath)
        let names = request.headers.map { $0.name.lowercased() }.sorted()
        #expect(
            names == [
                "content-digest", "content-encoding", "content-length", "content-type", "host", "signature",
                "signature-input",
            ])
        try ContentDigest.check(try #require(request[header: "content-digest"]), body: request.body)
        let parts = RequestParts(
            method: request.method, scheme: "http", authority: try #require(request[header: "host"]),
            target: request.target, headers: request.headers)
        let verifier = MessageVerifier(tag: AgentProtocol.batchTag, required: AgentProtocol.batchComponents)
        let signature = try verifier.read(parts)
        try signature.verify(with: key)
        #expect(signature.keyID == keyID)
        created = signature.created
        header = try Batch.decode(
            try Compression.decompress(request.body, limit: AgentProtocol.decompressedLimit)
        ).header
    }
}

extension StubHTTPServer.Response {
    /// 204.
    static let accepted = StubHTTPServer.Response.answer(status: 204)

    /// A problem of ours.
    static func problem(_ code: ProblemCode, serverTime: Timestamp? = nil) -> StubHTTPServer.Response {
        let problem = Problem(code, "told by a test", serverTime: serverTime)
        return .answer(
            status: code.status, headers: [("Content-Type", AgentProtocol.problemMediaType)], body: problem.json)
    }
}

/// Answers one after the other; the last one for ever.
final class Script: Sendable {
    private let answers: Mutex<[StubHTTPServer.Response]>

    init(_ answers: [StubHTTPServer.Response]) {
        self.answers = Mutex(answers)
    }

    convenience init(_ answers: StubHTTPServer.Response...) {
        self.init(answers)
    }

    func next() -> StubHTTPServer.Response {
        answers.withLock { answers in answers.count > 1 ? answers.removeFirst() : answers.first ?? .accepted }
    }
}
