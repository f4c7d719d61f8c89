import Model
import Testing

@testable import FrameCodec

/// The examples of docs/agent-protocol.md: what the encoder writes today, and what any later decoder must still read.
@Suite struct WireVectorTests {
    private let vectors: WireVectors

    init() throws { vectors = try WireVectors() }

    private static func scrape(_ board: inout SampleBoard, fast: Double, all: Double, sum: Double) {
        board.begin()
        board.set("sync_seconds_bucket", ["le": "0.001"], to: fast, .histogram, help: "")
        board.set("sync_seconds_bucket", ["le": "+Inf"], to: all, .histogram, help: "")
        board.set("sync_seconds_sum", to: sum, .histogram, help: "")
        board.set("sync_seconds_count", to: all, .histogram, help: "")
        board.set("alarms", to: 0, .gauge, help: "")
        board.end()
    }

    /// The batches of the example, decompressed.
    private func batches() throws -> [[UInt8]] {
        let agent = try #require(AgentID("000102030405060708090a0b0c0d0e0f"))
        let source = SourceDescriptor(kind: .etcd, name: "m1", port: 2379, interval: .seconds(5))
        var encoder = StreamEncoder(agent: agent, sources: [source])
        var board = SampleBoard()
        var bodies: [[UInt8]] = []
        for (sequence, fast, all, sum) in [(1, 2, 5, 1.25), (2, 3, 7, 1.75)] as [(UInt64, Double, Double, Double)] {
            Self.scrape(&board, fast: fast, all: all, sum: sum)
            let madeAt = Timestamp(milliseconds: 1_795_434_998_215 + Int64(sequence) * 5000)
            encoder.begin(
                BatchSlot(epoch: 0x1122_3344_5566_7788, sequence: sequence, startsSegment: sequence == 1),
                madeAt: madeAt)
            encoder.add(board, source: 0, at: madeAt - .milliseconds(4))
            if sequence == 1 { encoder.add(state: Array("{}".utf8), source: 0) }
            if sequence == 2 {
                encoder.add(
                    DropReport(
                        reason: .spoolFull, batches: 3, epoch: 9, firstSequence: 1,
                        firstAt: Timestamp(milliseconds: 1000), lastAt: Timestamp(milliseconds: 11_000)))
            }
            bodies.append(try Compression.decompress(try encoder.finish().body, limit: 1 << 20))
        }
        return bodies
    }

    @Test func theEncoderWritesTheDocumentedBytes() throws {
        let bodies = try batches()
        #expect(hex(bodies[0]) == hex(try vectors.bytes("batch-1")))
        #expect(hex(bodies[1]) == hex(try vectors.bytes("batch-2")))
    }

    @Test func theDocumentedBytesMeanWhatTheDocumentSays() throws {
        var receiver = Receiver()
        let first = try receiver.receive(try vectors.bytes("batch-1-zstd"))
        #expect(first.map(\.values) == [[2, 5, 1.25, 5, 0]])
        #expect(first.map(\.timestamp.milliseconds) == [1_795_435_003_211])
        #expect(receiver.layout?.hash.description == (try vectors.text("layout-hash")))
        let batch = try Batch.decode(try vectors.bytes("batch-2"))
        try receiver.context.admit(batch)
        #expect(try receiver.read(batch).map(\.values) == [[3, 7, 1.75, 7, 0]])
        #expect(batch.header.sequence == 2 && batch.header.madeAt.milliseconds == 1_795_435_008_215)
        let drops = batch.items.compactMap { if case .drop(let report) = $0 { report } else { nil } }
        #expect(drops.map(\.batches) == [3])
    }

    @Test(arguments: ["truncated", "unknown-item", "second-keyframe", "huge-count"])
    func theDocumentedMistakesAreRefused(name: String) throws {
        let error = #expect(throws: CodecError.self) { try Batch.decode(try vectors.bytes("bad-\(name)")) }
        #expect(error?.code.rawValue == (try vectors.text("bad-\(name)-code")))
    }
}
