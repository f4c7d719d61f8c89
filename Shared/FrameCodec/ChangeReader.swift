/// Reads what ChangeWriter wrote: one changed series after the other. `init` checks the runs, `next` the tokens.
struct ChangeReader {
    /// One past the last series that changed: an upper bound for whoever knows how many there are.
    let bound: Int

    /// Where the tokens are read; after the last `next` it stands behind the part.
    private(set) var tokens: ByteReader
    private var runs: ByteReader
    private var runsLeft: Int
    private var ordinal = 0
    private var inRun = 0
    private var same = 0
    private var difference: Int64 = 0

    /// What became of a series.
    enum Change {
        /// It moved by so much from the keyframe's whole number.
        case difference(Int64)
        /// A fraction is to be read, or skipped, from `tokens`.
        case fraction
    }

    /// Reads the runs at `reader`, which end below `limit`.
    init(_ reader: ByteReader, limit: Int) throws(CodecError) {
        var tokens = reader
        runsLeft = try tokens.count(bytesEach: 2)
        runs = tokens
        var bound = 0
        for _ in 0..<runsLeft {
            let start = tokens.at
            let passed = try tokens.varint()
            let changed = try tokens.varint()
            guard passed <= UInt64(limit), changed <= UInt64(limit), changed > 0 else {
                throw CodecError(.malformed, at: start, "a run of no or too many series")
            }
            bound += Int(passed) + Int(changed)
            guard bound <= limit else { throw CodecError(.malformed, at: start, "runs beyond the last series") }
        }
        self.bound = bound
        self.tokens = tokens
    }

    /// The next series that changed, as its place in the class, and how; nil after the last one. After `.fraction` the
    /// caller reads or skips the value.
    mutating func next() throws(CodecError) -> (ordinal: Int, change: Change)? {
        if inRun == 0 {
            guard runsLeft > 0 else {
                guard same == 0 else { throw CodecError(.malformed, at: tokens.at, "more values than series") }
                return nil
            }
            runsLeft -= 1
            ordinal += Int(try runs.varint())
            inRun = Int(try runs.varint())
            difference = 0
        }
        inRun -= 1
        defer { ordinal += 1 }
        if same > 0 {
            same -= 1
            return (ordinal, .difference(difference))
        }
        switch try tokens.varint() {
        case 0:
            let start = tokens.at
            let more = try tokens.varint()
            guard more < UInt64(bound) else { throw CodecError(.malformed, at: start, "more values than series") }
            same = Int(more) + 1
        case 1: break
        case 2: return (ordinal, .fraction)
        case let token: difference &+= ZigZag.decode(token - 2)
        }
        return (ordinal, .difference(difference))
    }

    /// Reads or skips the fraction that `next` announced.
    mutating func fraction(base: Double) throws(CodecError) -> Double {
        try FractionCoding.decode(&tokens, base: base)
    }

    /// Passes over the fraction that `next` announced.
    mutating func skipFraction() throws(CodecError) {
        try FractionCoding.skip(&tokens)
    }

    /// Checks all that is left, and returns where the part ends. Takes time by the bytes, not by the series they claim.
    consuming func check() throws(CodecError) -> ByteReader {
        var changed = 0
        for _ in 0..<runsLeft {
            _ = try runs.varint()
            changed += Int(try runs.varint())
        }
        while changed > 0 {
            let start = tokens.at
            switch try tokens.varint() {
            case 0:
                let more = try tokens.varint()
                guard more <= UInt64(changed) - min(2, UInt64(changed)), changed >= 2 else {
                    throw CodecError(.malformed, at: start, "more values than series")
                }
                changed -= Int(more) + 2
            case 2:
                try FractionCoding.skip(&tokens)
                changed -= 1
            default:
                changed -= 1
            }
        }
        return tokens
    }
}
