// Many scrapes of one source as columns: timestamps once, of each series what changed, in streams of a kind, compressed.
// A block holds some series of a source (a group) over a stretch of time, as drawn field by field in docs/storage.md.
// Reading is total: any bytes give a block or a CodecError. Leaves to SeriesStore which series and which stretch, and
// where blocks are kept.

/// What a reader of blocks accepts, and a writer keeps to.
public enum BlockLimits {
    /// Scrapes in one block: a day at 1 s.
    public static let rows = 90_000
    /// Series in one block.
    public static let series = 100_000
    /// Bytes of a block, decompressed.
    public static let contentBytes = 16 << 20
}

/// The format's version, the first byte of the content.
let blockVersion: UInt8 = 1

/// How a series' values are written as whole numbers.
enum ColumnKind: UInt8, CaseIterable, Sendable {
    /// Whole numbers below 2⁵³.
    case whole
    /// Thousandths: ticks of a CPU.
    case milli
    /// Millionths.
    case micro
    /// Billionths: sums of seconds are sums of whole nanoseconds, and a few units of rounding.
    case nano
    /// Bit patterns: NaN, infinities, −0, and whatever is no decimal.
    case bits

    /// What a value is multiplied with; nil for those that are no scaled numbers.
    var scale: Double? {
        switch self {
        case .whole, .bits: nil
        case .milli: 1e3
        case .micro: 1e6
        case .nano: 1e9
        }
    }

    /// The value of `number`, `correction` units of the last place away.
    func value(_ number: Int64, correction: Int64) -> Double {
        switch self {
        case .whole: return Double(number)
        case .bits: return Double(bitPattern: UInt64(bitPattern: number))
        case .milli, .micro, .nano:
            let rough = Double(number) / (scale ?? 1)
            return Double(bitPattern: rough.bitPattern &+ UInt64(bitPattern: correction))
        }
    }
}

/// The bits of a series' head.
enum HeadFlag {
    static let kinds: UInt8 = 0b0000_0111
    static let corrections: UInt8 = 0b0000_1000
    static let gaps: UInt8 = 0b0001_0000
    static let reference: UInt8 = 0b0010_0000
    static let unknown: UInt8 = 0b1100_0000
}

/// The parts of a block's content, in order: numbers of a kind stand together, which zstd likes.
enum Stream: Int, CaseIterable {
    /// Between one timestamp and the next.
    case times
    /// Per series: kind, how many changes, which other series it follows.
    case heads
    /// Per series: its first number.
    case firsts
    /// Per change: how many rows after the one before.
    case steps
    /// Per change of a series of whole numbers: by how much.
    case wholes
    /// Per change of another series: by how much.
    case fractions
    /// Per change of a series with corrections: the correction.
    case corrections
    /// Per series with gaps: where it has no value.
    case gaps
}
