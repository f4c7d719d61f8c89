/// Writes which series of a class changed and to what, in two parts: runs of series, then tokens.
///
///     part   = count of runs, { series passed over, series changed }, tokens
///     token  = 0 n      n + 2 series move as the one before them in their run did
///            | 1        one does
///            | 2 value  no whole number: a fraction follows
///            | n + 2    zigzag(difference − difference of the one before in the run) = n
struct ChangeWriter {
    private var runs = ByteWriter()
    private var tokens = ByteWriter()
    private var runCount = 0
    private var passed = 0
    private var changed = 0
    private var same = 0
    private var difference: Int64 = 0

    /// The next series kept the keyframe's value.
    mutating func keep() {
        endRun()
        passed += 1
    }

    /// The next series went from `base` to `value`, which differ.
    mutating func change(_ value: Double, base: Double) {
        if changed == 0 { difference = 0 }
        changed += 1
        guard value.isWhole else {
            endSame()
            tokens.byte(2)
            FractionCoding.encode(value, base: base, into: &tokens)
            return
        }
        let step = Int64(value) &- base.wholeOrZero
        let token = ZigZag.encode(step &- difference)
        difference = step
        if token == 0 {
            same += 1
        } else {
            endSame()
            tokens.varint(token + 2)
        }
    }

    /// Appends both parts.
    consuming func finish(into writer: inout ByteWriter) {
        endRun()
        endSame()
        writer.varint(runCount)
        writer.raw(runs.bytes)
        writer.raw(tokens.bytes)
    }

    private mutating func endRun() {
        guard changed > 0 else { return }
        runs.varint(passed)
        runs.varint(changed)
        runCount += 1
        passed = 0
        changed = 0
    }

    private mutating func endSame() {
        switch same {
        case 0: return
        case 1: tokens.byte(1)
        default:
            tokens.byte(0)
            tokens.varint(same - 2)
        }
        same = 0
    }
}
