internal import FrameCodec
internal import Model

/// A series' values as whole numbers: what is written of it is where they change, and by how much.
struct Column: Sendable {
    /// A row whose number, or correction, is another than that of the row before.
    struct Change: Hashable, Sendable {
        var row: Int32
        var by: Int64
    }

    var kind: ColumnKind
    var first: Int64
    /// Rising rows from 1 on.
    var changes: [Change] = []
    /// Of the first row and of each change, if any is other than 0.
    var corrections: [Int64] = []
    /// Rows without a value: the series did not exist.
    var gaps: [Range<Int>] = []

    /// `values` of consecutive rows, at least one; `Double.stale` where there is none.
    init(_ values: [Double]) {
        var kind = ColumnKind.whole
        var gaps: [Range<Int>] = []
        var isConstant = true
        let head = values[0].bitPattern
        for (row, value) in values.enumerated() {
            if value.bitPattern != head { isConstant = false }
            if value.isStale {
                if let last = gaps.last, last.upperBound == row {
                    gaps[gaps.count - 1] = last.lowerBound..<row + 1
                } else {
                    gaps.append(row..<row + 1)
                }
            } else if kind == .whole, !value.isWhole {
                kind = .bits
            }
        }
        self.gaps = gaps
        if kind != .whole { kind = Self.fractionKind(of: values) }
        self.kind = kind
        first = 0
        if isConstant {
            let (number, correction) = Self.number(values[0], kind)
            first = number
            if correction != 0 { corrections = [correction] }
        } else {
            fill(values)
        }
    }

    private mutating func fill(_ values: [Double]) {
        var all: [Int64] = []
        var last: (number: Int64, correction: Int64)?
        var isExact = true
        for (row, value) in values.enumerated() where !value.isStale {
            let (number, correction) = Self.number(value, kind)
            if correction != 0 { isExact = false }
            guard let before = last else {
                last = (number, correction)
                first = number
                all.append(correction)
                continue
            }
            if before != (number, correction) {
                changes.append(Change(row: Int32(row), by: number &- before.number))
                all.append(correction)
                last = (number, correction)
            }
        }
        if !isExact { corrections = all }
    }

    /// Corrections beyond this are dearer than the bit pattern.
    private static let correctionLimit: Int64 = 1 << 12

    /// The coarsest scale on which all of `values` are whole, but for rounding.
    private static func fractionKind(of values: [Double]) -> ColumnKind {
        kinds: for kind in [ColumnKind.milli, .micro, .nano] {
            for value in values where !value.isStale {
                guard value.magnitude < 0x1p53 / (kind.scale ?? 1),
                    number(value, kind).correction.magnitude < correctionLimit
                else { continue kinds }
            }
            return kind
        }
        return .bits
    }

    private static func number(_ value: Double, _ kind: ColumnKind) -> (number: Int64, correction: Int64) {
        guard !value.isStale else { return (0, 0) }
        switch kind {
        case .whole: return (Int64(value), 0)
        case .bits: return (Int64(bitPattern: value.bitPattern), 0)
        case .milli, .micro, .nano:
            let scale = kind.scale ?? 1
            let number = Int64((value * scale).rounded())
            let rough = Double(number) / scale
            return (number, Int64(bitPattern: value.bitPattern &- rough.bitPattern))
        }
    }

    /// What is left of `changes` if the series moves as `other` does.
    func changes(beyond other: [Change], limit: Int) -> [Change]? {
        var result: [Change] = []
        var (left, right) = (0, 0)
        while left < changes.count || right < other.count {
            let mine = left < changes.count ? changes[left].row : .max
            let theirs = right < other.count ? other[right].row : .max
            var by: Int64 = 0
            if mine <= theirs {
                by = changes[left].by
                left += 1
            }
            if theirs <= mine {
                by = by &- other[right].by
                right += 1
            }
            if by != 0 {
                guard result.count < limit else { return nil }
                result.append(Change(row: min(mine, theirs), by: by))
            }
        }
        return result
    }
}
