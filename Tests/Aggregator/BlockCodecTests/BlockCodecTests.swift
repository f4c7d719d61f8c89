import BlockCodec
import FrameCodec
import Model
import Testing

@Suite struct BlockCodecTests {
    static func encode(_ timestamps: [Int64], _ columns: [[Double]]) throws -> [UInt8] {
        var encoder = BlockEncoder(timestamps: timestamps)
        for column in columns { encoder.append(column) }
        return try encoder.finish()
    }

    static func bits(_ columns: [[Double]]) -> [[UInt64]] { columns.map { $0.map(\.bitPattern) } }

    /// Twelve rows of every kind of series there is.
    static let kinds: [String: [Double]] = [
        "constant": .init(repeating: 7, count: 12),
        "zero": .init(repeating: 0, count: 12),
        "counter": (0..<12).map { Double($0 * 3) },
        "reset": [5, 9, 12, 0, 1, 1, 1, 4, 4, 4, 9, 9],
        "negative": (0..<12).map { Double(-$0 * $0) },
        "largest": [0x1p53 - 1, -(0x1p53 - 1), 0, 1, 0x1p53 - 1, 0, 0, 0, 0, 0, 0, 0],
        "ticks": (0..<12).map { Double($0 * 37) / 100 },
        "seconds": (0..<12).reduce(into: [0.000_123_456]) { sums, step in
            sums.append(sums[sums.count - 1] + 0.000_731_9 * Double(step))
        }.dropLast(),
        "ratio": (0..<12).map { 1 / Double($0 + 3) },
        "epoch": (0..<12).map { 1_763_970_000.123_456_7 + Double($0) },
        "odd": [
            .nan, .infinity, -.infinity, -0.0, 0, 1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e300, 0x1p53, 1,
            2,
        ],
        "late": .init(repeating: .stale, count: 5) + [1, 2, 3, 4, 5, 6, 7],
        "early": [1, 2, 3, 4] + .init(repeating: .stale, count: 8),
        "broken": [.stale, 1.5, .stale, .stale, 2.5, 2.5, .stale, 2.5, 9, .stale, .stale, .stale],
        "gone": .init(repeating: .stale, count: 12),
    ]

    @Test("any series comes back bit by bit", arguments: kinds.keys.sorted())
    func comesBack(kind: String) throws {
        let values = try #require(Self.kinds[kind])
        let timestamps = values.indices.map { Int64($0) * 5000 }
        let block = try Block(decoding: try Self.encode(timestamps, [values]))
        #expect(block.timestamps == timestamps)
        #expect(Self.bits([block.column(0)]) == Self.bits([values]))
    }

    @Test func seriesOfAllKindsStandTogether() throws {
        let columns = Self.kinds.sorted { $0.key < $1.key }.map(\.value)
        let timestamps = columns[0].indices.map { 1_763_970_000_000 + Int64($0) * 5000 + ($0 == 7 ? 3 : 0) }
        let block = try Block(decoding: try Self.encode(timestamps, columns))
        #expect(block.series == columns.count)
        #expect(block.timestamps == timestamps)
        #expect(Self.bits(block.columns(Array(columns.indices))) == Self.bits(columns))
        #expect(Self.bits(block.columns([9, 2])) == Self.bits([columns[9], columns[2]]))
    }

    @Test func aHistogramCostsLittleMoreThanItsObservations() throws {
        var generator = SeededGenerator(seed: 7)
        var buckets = [[Double]](repeating: [0], count: 14)
        for row in 1..<720 {
            let hit = Int.random(in: 0..<14, using: &generator)
            for bucket in buckets.indices {
                buckets[bucket].append(buckets[bucket][row - 1] + (bucket >= hit ? 1 : 0))
            }
        }
        let timestamps = (0..<720).map { Int64($0) * 5000 }
        let together = try Self.encode(timestamps, buckets)
        let apart = try buckets.map { try Self.encode(timestamps, [$0]).count }.reduce(0, +)
        #expect(Self.bits(try Block(decoding: together).columns(Array(0..<14))) == Self.bits(buckets))
        #expect(together.count * 3 < apart)
    }

    @Test func aBlockWithoutSeriesTellsItsTimestamps() throws {
        let timestamps: [Int64] = [-5, 0, 1, 1000, 2000, 3000, Int64.max / 2]
        #expect(try Block(decoding: try Self.encode(timestamps, [])).timestamps == timestamps)
    }

    @Test func oneRowIsEnough() throws {
        let block = try Block(decoding: try Self.encode([42], [[1], [.stale], [0.1]]))
        #expect(Self.bits(block.columns([0, 1, 2])) == Self.bits([[1], [.stale], [0.1]]))
    }

    @Test("random series come back", arguments: 0..<40)
    func randomSeries(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rows = Int.random(in: 1...400, using: &generator)
        var now: Int64 = 1_763_970_000_000
        let timestamps = (0..<rows).map { _ in
            now +=
                Int64.random(in: 1...3, using: &generator) == 1 ? Int64.random(in: 1...9000, using: &generator) : 5000
            return now
        }
        let columns = (0..<30).map { _ in RandomSeries.make(rows: rows, &generator) }
        let block = try Block(decoding: try Self.encode(timestamps, columns))
        #expect(block.timestamps == timestamps)
        #expect(Self.bits(block.columns(Array(columns.indices))) == Self.bits(columns))
    }
}

/// Series as etcd and hosts have them, and as nobody has them.
enum RandomSeries {
    static func make(rows: Int, _ generator: inout SeededGenerator) -> [Double] {
        let kind = Int.random(in: 0..<7, using: &generator)
        var value = 0.0
        return (0..<rows).map { _ in
            switch kind {
            case 0: value += Double(Int.random(in: 0...3, using: &generator))
            case 1: if Int.random(in: 0..<20, using: &generator) == 0 { value += 1 }
            case 2: value += Double.random(in: 0...0.1, using: &generator)
            case 3: value = Double(Int.random(in: -1000...1000, using: &generator)) / 100
            case 4: value = Double(bitPattern: UInt64.random(in: .min ... .max, using: &generator))
            case 5: value = Bool.random(using: &generator) ? .stale : Double(Int.random(in: 0...5, using: &generator))
            default: value += Double(Int.random(in: 0...1_000_000, using: &generator)) / 1e9
            }
            return value
        }
    }
}

/// splitmix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
