internal import Synchronization

/// A set of Unicode scalars: sorted ranges that neither touch nor overlap.
struct ScalarSet: Hashable, Sendable {
    static let last: UInt32 = 0x10ffff
    private(set) var ranges: [ClosedRange<UInt32>]

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = merged.last, range.lowerBound <= before.upperBound &+ 1 {
                merged[merged.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    static let any = ScalarSet([0...last])
    static let notLineFeed = ScalarSet([0x0a...0x0a]).inverted
    static let digits = ScalarSet([0x30...0x39])
    static let words = ScalarSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    static let blanks = ScalarSet([0x09...0x0a, 0x0c...0x0d, 0x20...0x20])

    static func isWord(_ scalar: UInt32) -> Bool {
        scalar < 128 && words.contains(scalar)
    }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var inverted: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= Self.last { result.append(next...Self.last) }
        return ScalarSet(result)
    }

    /// With the other case of every letter. Ranges of more than 8,192 scalars hold both cases of what they hold, but
    /// for ASCII.
    var caseFolded: ScalarSet {
        var result = ranges
        for range in ranges {
            if range.count <= 8192 {
                for scalar in range { result.append(contentsOf: Self.otherCases(of: scalar).map { $0...$0 }) }
            } else {
                for scalar in UInt32(0x41)...0x5a where range.contains(scalar) || range.contains(scalar + 32) {
                    result += [scalar...scalar, (scalar + 32)...(scalar + 32)]
                }
            }
        }
        return ScalarSet(result)
    }

    private static func otherCases(of value: UInt32) -> [UInt32] {
        guard let scalar = Unicode.Scalar(value) else { return [] }
        if value < 128 {
            guard scalar.properties.isAlphabetic else { return [] }
            // The Kelvin sign and the long s fold to ASCII letters.
            return [value ^ 0x20] + (value | 0x20 == 0x6b ? [0x212a] : value | 0x20 == 0x73 ? [0x17f] : [])
        }
        return [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { mapping in
            let scalars = mapping.unicodeScalars
            return scalars.count == 1 ? scalars.first?.value : nil
        }
    }

    private static let categories = Mutex<[String: ScalarSet]>([:])

    /// The scalars of a general category (`Lu`) or of a major class (`L`); nil for other names.
    static func category(_ name: String) -> ScalarSet? {
        guard name == "Any" || abbreviations.values.contains(where: { $0.hasPrefix(name) }), !name.isEmpty else {
            return nil
        }
        if name == "Any" { return any }
        return categories.withLock { known in
            if let set = known[name] { return set }
            var found: [ClosedRange<UInt32>] = []
            for value in 0...last {
                guard let scalar = Unicode.Scalar(value),
                    abbreviations[scalar.properties.generalCategory]?.hasPrefix(name) ?? false
                else { continue }
                if let before = found.last, before.upperBound + 1 == value {
                    found[found.count - 1] = before.lowerBound...value
                } else {
                    found.append(value...value)
                }
            }
            let set = ScalarSet(found)
            known[name] = set
            return set
        }
    }

    private static let abbreviations: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So",
        .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
        .privateUse: "Co",
    ]
}
