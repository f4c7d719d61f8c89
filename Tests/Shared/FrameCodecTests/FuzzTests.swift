import Model
import Testing

@testable import FrameCodec

/// Decoding is total: a million damaged batches give values or errors, and nothing else. The digest is checked before
/// decoding and covers the whole body, so mutating the body is mutating behind a repaired digest.
@Suite struct FuzzTests {
    /// Small valid bodies of every kind, so that a mutation hits something that matters.
    private static let seeds: [[UInt8]] = {
        var scene = CodecScene(keyframeEvery: 3)
        // The test does not run without its seeds, and they are the encoder's own output.
        return (1...7).compactMap { tick in
            try? scene.batch({ boards in
                boards[0].set("a_bucket", ["le": "1"], to: Double(tick * 5), .histogram, help: "A.")
                boards[0].set("a_sum", to: 0.1 * Double(tick), .histogram, help: "")
                boards[0].set("z", to: tick == 6 ? 0.5 : 0, .gauge, help: "")
                if tick == 5 { boards[1].set("late", to: 1, .gauge, help: "") }
                boards[1].set("b", to: -1, .counter, help: "")
            }) {
                if tick == 1 { $0.add(state: [0x7b, 0x7d], source: 0) }
                if tick == 7 {
                    $0.add(
                        DropReport(
                            reason: .damaged, batches: 300, epoch: 1, firstSequence: 1, firstAt: CodecScene.start,
                            lastAt: CodecScene.start))
                }
            }
        }
    }()

    private static let mutations = 1_000_000
    private static let shards = 8

    @Test(arguments: 0..<shards)
    func aMillionDamagedBatchesGiveValuesOrErrors(shard: Int) async throws {
        var random = SeededRandom(seed: UInt64(shard + 1))
        let seeds = Self.seeds
        try #require(seeds.count == 7)
        let (context, keyframes) = try Self.known(seeds)
        var accepted = 0
        for round in 0..<Self.mutations / Self.shards {
            // A small machine's two threads are for the other tests too, which have deadlines.
            if round % 256 == 255 { await Task.yield() }
            let body = Self.mutated(seeds, &random)
            guard let batch = Self.decoded(body) else { continue }
            accepted += 1
            Self.use(batch, context, keyframes)
        }
        // Most mutations of values and timestamps leave a valid batch: the deep parts were reached.
        #expect(accepted > Self.mutations / Self.shards / 50)
    }

    private static func known(_ seeds: [[UInt8]]) throws -> (StreamContext, [KeyframeValues]) {
        var context = StreamContext()
        var keyframes: [KeyframeValues] = []
        for seed in seeds {
            let batch = try Batch.decode(seed)
            try context.admit(batch)
            for keyframe in batch.keyframes { keyframes.append(try batch.values(of: keyframe)) }
        }
        return (context, keyframes)
    }

    private static func decoded(_ body: [UInt8]) -> Batch? {
        do throws(CodecError) {
            return try Batch.decode(body)
        } catch {
            return nil
        }
    }

    /// Reads all values of a batch that was accepted, against the right keyframe or, as a careless caller might,
    /// against another one: that gives values or an error too.
    private static func use(_ batch: Batch, _ context: StreamContext, _ keyframes: [KeyframeValues]) {
        var context = context
        // Refusing is as right as admitting; what counts is that it returns.
        try? context.admit(batch)
        for item in batch.items {
            switch item {
            case .keyframe(let keyframe):
                _ = try? batch.values(of: keyframe)
            case .frame(let frame):
                for keyframe in keyframes.prefix(2) {
                    _ = try? batch.values(of: frame, keyframe: keyframe)
                    _ = try? batch.values(of: frame, columns: keyframe.columns([0, 2]), shape: keyframe.shape)
                }
            default: continue
            }
        }
    }

    private static func mutated(_ seeds: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
        var body = seeds[random.below(seeds.count)]
        for _ in 0...random.below(3) {
            // Mostly behind the header, which is soon exhausted.
            let at =
                random.below(8) == 0 ? random.below(body.count) : min(34 + random.below(body.count), body.count - 1)
            switch random.below(8) {
            case 0, 1: body[at] ^= 1 << UInt8(random.below(8))
            case 2: body[at] = UInt8(random.below(256))
            case 3: body.removeLast(min(random.below(8), body.count - 1))
            case 4: body.insert(contentsOf: huge[random.below(huge.count)], at: at)
            case 5: body[at] = [0, 1, 2, 0x7f, 0x80, 0xff][random.below(6)]
            case 6: body.remove(at: at)
            default:
                let other = seeds[random.below(seeds.count)]
                let from = random.below(other.count)
                let piece = other[from..<min(from + 1 + random.below(24), other.count)]
                body.replaceSubrange(at..<min(at + random.below(24), body.count), with: piece)
            }
            if body.isEmpty { body = [0] }
        }
        return body
    }

    /// Numbers at the edges.
    private static let huge: [[UInt8]] = [
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xff, 0xff, 0xff, 0xff, 0x0f],
        [0xff, 0xff, 0x03],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0x80, 0x00],
        [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ]
}
