import Model

@testable import FrameCodec

/// A fast generator whose runs can be repeated (xorshift64*).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }
}

/// One agent's stream of small boards.
struct CodecScene {
    static let start = Timestamp(milliseconds: 1_795_434_998_215)
    static let sources = [
        SourceDescriptor(kind: .etcd, name: "m1", port: 2379, interval: .seconds(5)),
        SourceDescriptor(kind: .host, name: "", interval: .seconds(5)),
    ]

    var encoder: StreamEncoder
    var boards = [SampleBoard(), SampleBoard()]
    var sequence: UInt64 = 0
    let epoch: UInt64 = 0x1234_5678_9abc_def0

    init(keyframeEvery: Int = 12) {
        guard let agent = AgentID("000102030405060708090a0b0c0d0e0f") else { preconditionFailure("32 hex digits") }
        encoder = StreamEncoder(agent: agent, sources: Self.sources, keyframeEvery: keyframeEvery)
    }

    /// The next batch, decompressed, after `change` wrote on the boards; `extra` adds items.
    mutating func batch(
        startsSegment: Bool? = nil, _ change: (inout [SampleBoard]) -> Void,
        extra: (inout StreamEncoder) -> Void = { _ in }
    ) throws -> [UInt8] {
        for at in boards.indices { boards[at].begin() }
        change(&boards)
        for at in boards.indices { boards[at].end() }
        sequence += 1
        let madeAt = Self.start + .seconds(5 * Int(sequence))
        encoder.begin(
            BatchSlot(epoch: epoch, sequence: sequence, startsSegment: startsSegment ?? (sequence == 1)), madeAt: madeAt
        )
        for (at, board) in boards.enumerated() { encoder.add(board, source: at, at: madeAt - .milliseconds(7 + at)) }
        extra(&encoder)
        let encoded = try encoder.finish()
        let body = try Compression.decompress(encoded.body, limit: 8 << 20)
        precondition(body.count == encoded.uncompressedBytes)
        return body
    }

    /// A small board as etcd's: a histogram, a counter, a sum of seconds, zeros, oddities.
    static func write(_ boards: inout [SampleBoard], tick: Int) {
        let beats = Double(tick * tick)
        for (at, bound) in ["0.001", "0.002", "0.004", "+Inf"].enumerated() {
            boards[0].set(
                "wal_bucket", ["le": bound], to: 100 + beats * Double(at), .histogram, help: "How long a sync takes.")
        }
        boards[0].set("wal_sum", to: 1.25 + 0.000_123_457 * beats, .histogram, help: "")
        boards[0].set("wal_count", to: 100 + beats * 3, .histogram, help: "")
        boards[0].set("idle_total", to: 0, .counter, help: "")
        boards[0].set("odd", to: tick % 2 == 0 ? .nan : -0.0, .gauge, help: "")
        boards[0].set("term", to: 4, .gauge, help: "")
        boards[1].set("node_load1", to: Double(tick) / 7, .gauge, help: "Load.")
        boards[1].set("node_boot_time_seconds", to: 1_795_000_000, .gauge, help: "")
    }
}
