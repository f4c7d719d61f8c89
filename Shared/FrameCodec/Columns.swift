internal import Model

/// Some series of a keyframe, ready to be read from the frames that build on it without decoding the others.
public struct Columns: Sendable {
    /// The series wanted, rising.
    public let series: [Int]
    /// Their values in the keyframe.
    public let values: [Double]
    /// Per class: the place in the class and the place in `series`, rising.
    let whole: [(ordinal: Int, column: Int)]
    let zero: [(ordinal: Int, column: Int)]
    let fraction: [(ordinal: Int, column: Int)]
}

extension KeyframeValues {
    /// The series numbered `series`, which rise; numbers that this keyframe lacks read as stale, as a layout may have
    /// grown since.
    public func columns(_ series: [Int]) -> Columns {
        var classes: (whole: [(Int, Int)], zero: [(Int, Int)], fraction: [(Int, Int)]) = ([], [], [])
        var wanted: [Double] = []
        for (column, index) in series.enumerated() {
            guard values.indices.contains(index) else {
                wanted.append(.stale)
                continue
            }
            wanted.append(values[index])
            switch ValueClass(values[index]) {
            case .whole: classes.whole.append((whole.place(of: index), column))
            case .zero: classes.zero.append((zero.place(of: index), column))
            case .fraction: classes.fraction.append((fraction.place(of: index), column))
            }
        }
        return Columns(
            series: series, values: wanted, whole: classes.whole, zero: classes.zero, fraction: classes.fraction)
    }
}

extension [UInt32] {
    /// Where `index` stands in this rising list that holds it.
    fileprivate func place(of index: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < UInt32(index) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Columns {
    /// The values of these columns in the frame at `reader`, whose keyframe has `shape`.
    func decode(_ reader: ByteReader, shape: KeyframeShape) throws(CodecError) -> [Double] {
        var found = values
        var rest = try decode(&found, whole, reader, limit: shape.whole, needsEnd: !zero.isEmpty || !fraction.isEmpty)
        if !zero.isEmpty || !fraction.isEmpty {
            rest = try decode(&found, zero, rest, limit: shape.zero, needsEnd: !fraction.isEmpty)
        }
        guard !fraction.isEmpty else { return found }
        let bitmap = try FrameCoding.bitmap(&rest, series: shape.fraction)
        var wanted = fraction[...]
        for ordinal in 0..<bitmap.count * 8 {
            let isChanged = bitmap[ordinal / 8] >> UInt8(ordinal % 8) & 1 == 1
            if let next = wanted.first, next.ordinal == ordinal {
                wanted.removeFirst()
                if isChanged {
                    found[next.column] = try FractionCoding.decode(&rest, base: values[next.column])
                }
            } else if isChanged {
                try FractionCoding.skip(&rest)
            }
            if wanted.isEmpty { break }
        }
        return found
    }

    /// Reads one class as far as columns are wanted, and on to its end if something behind it is.
    private func decode(
        _ found: inout [Double], _ columns: [(ordinal: Int, column: Int)], _ reader: ByteReader, limit: Int,
        needsEnd: Bool
    ) throws(CodecError) -> ByteReader {
        var changes = try ChangeReader(reader, limit: limit)
        if columns.isEmpty { return needsEnd ? try changes.check() : reader }
        var wanted = columns[...]
        while let (ordinal, change) = try changes.next() {
            while let next = wanted.first, next.ordinal < ordinal { wanted.removeFirst() }
            if let next = wanted.first, next.ordinal == ordinal {
                found[next.column] = try changes.value(change, base: values[next.column])
            } else if case .fraction = change {
                try changes.skipFraction()
            }
            if wanted.isEmpty, !needsEnd { break }
        }
        return changes.tokens
    }
}
