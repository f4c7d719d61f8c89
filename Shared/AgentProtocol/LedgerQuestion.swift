internal import JSON
public import Model

/// "These batches I still have, and you have acknowledged them: which do you lack?" An aggregator whose database was
/// restored from a backup lacks those that came after it.
public struct LedgerQuestion: Hashable, Sendable {
    /// Ranges in one question, or in its answer.
    public static let limit = 1000

    /// What the agent holds.
    public var held: [SequenceRange]

    /// A question about `held`, at most `limit` of them.
    public init(held: [SequenceRange]) { self.held = held }

    /// The body to send.
    public var json: [UInt8] { SequenceRange.json("held", held) }

    /// Reads a body.
    public init(json: [UInt8]) throws(ProtocolError) {
        held = try SequenceRange.read("held", of: MessageReader(json, "the question about the ledger"))
    }
}

/// What the aggregator lacks of what was asked about.
public struct LedgerAnswer: Hashable, Sendable {
    /// For each range asked about at most one, from the first batch that is lacking to the last.
    public var lacking: [SequenceRange]

    /// An answer.
    public init(lacking: [SequenceRange]) { self.lacking = lacking }

    /// The body to send.
    public var json: [UInt8] { SequenceRange.json("lacking", lacking) }

    /// Reads a body.
    public init(json: [UInt8]) throws(ProtocolError) {
        lacking = try SequenceRange.read("lacking", of: MessageReader(json, "the answer about the ledger"))
    }
}

extension SequenceRange {
    fileprivate static func json(_ name: String, _ ranges: [SequenceRange]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.key(name)
            $0.array {
                for range in ranges {
                    $0.object {
                        // 64 bits do not fit a JSON number.
                        $0.member("epoch", "\(range.epoch)")
                        $0.member("first", "\(range.sequences.lowerBound)")
                        $0.member("last", "\(range.sequences.upperBound)")
                    }
                }
            }
        }
        return writer.bytes
    }

    fileprivate static func read(_ name: String, of message: MessageReader) throws(ProtocolError) -> [SequenceRange] {
        guard let elements = message.value[name]?.array, elements.count <= LedgerQuestion.limit else {
            throw message.bad(name)
        }
        var ranges: [SequenceRange] = []
        for element in elements {
            let range = try MessageReader(element, "a range of batches")
            ranges.append(
                SequenceRange(
                    epoch: try range.number63("epoch"),
                    sequences: try range.ordered(range.number63("first"), range.number63("last"))))
        }
        return ranges
    }
}

extension MessageReader {
    /// A positive number of 63 bits, in decimal digits.
    fileprivate func number63(_ member: String) throws(ProtocolError) -> UInt64 {
        guard let number = Int64(try text(member)), number > 0 else { throw bad(member) }
        return UInt64(number)
    }

    fileprivate func ordered(_ first: UInt64, _ last: UInt64) throws(ProtocolError) -> ClosedRange<UInt64> {
        guard first <= last else { throw bad("last") }
        return first...last
    }
}
