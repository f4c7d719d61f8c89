internal import Model

/// What TYPE and HELP lines said, by family.
struct FamilyMetadata: Sendable {
    private var types: [String: MetricType] = [:]
    private var helps: [String: String] = [:]

    mutating func set(_ type: MetricType, of family: String) { types[family] = type }
    mutating func set(help: String, of family: String) { helps[family] = help }
    /// How many families are known: bounded by the caller.
    var count: Int { max(types.count, helps.count) }

    /// The number on `board` of the family that the series `name` belongs to.
    func family(of name: String, on board: inout SampleBoard) -> Int {
        var family = name
        if types[name] == nil {
            for (suffix, kinds) in Self.suffixes where name.hasSuffix(suffix) {
                let base = String(name.dropLast(suffix.count))
                if let type = types[base], kinds.contains(type) { family = base }
            }
        }
        return board.family(family, types[family] ?? .unknown, help: helps[family] ?? "")
    }

    private static let suffixes: [(String, Set<MetricType>)] = [
        ("_bucket", [.histogram]), ("_sum", [.histogram, .summary]), ("_count", [.histogram, .summary]),
    ]
}

extension TextCursor {
    /// Reads an empty line or a comment; false, and moved nowhere, if the line is neither.
    mutating func skipComment(into metadata: inout FamilyMetadata, limits: ExpositionLimits) throws(ExpositionError)
        -> Bool
    {
        let start = at
        skipBlanks()
        guard current == UInt8(ascii: "#") || current == UInt8(ascii: "\n") else {
            guard at == start else { throw problem(.badText, "a line should not begin with blanks") }
            return false
        }
        if current == UInt8(ascii: "#") {
            at += 1
            skipBlanks()
            let keyword = bytes[word()]
            if keyword.elementsEqual("TYPE".utf8) {
                try type(into: &metadata, limits: limits)
            } else if keyword.elementsEqual("HELP".utf8) {
                try help(into: &metadata, limits: limits)
            }
        }
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        endLine()
        return true
    }

    private mutating func family(_ metadata: FamilyMetadata, limits: ExpositionLimits) throws(ExpositionError) -> String
    {
        guard metadata.count <= limits.series else { throw problem(.tooManySeries, "too many families") }
        skipBlanks()
        let name = try name(isMetric: true, limit: limits.nameBytes)
        return String(decoding: bytes[name], as: UTF8.self)
    }

    private mutating func type(into metadata: inout FamilyMetadata, limits: ExpositionLimits) throws(ExpositionError) {
        let family = try family(metadata, limits: limits)
        skipBlanks()
        let text = String(decoding: bytes[word()].prefix(40), as: UTF8.self)
        let type = text == "unknown" ? .unknown : MetricType.allCases.first { $0.word == text }
        guard let type else { throw problem(.badComment, "\"\(text)\" is no type of a metric") }
        skipBlanks()
        guard current == UInt8(ascii: "\n") else { throw problem(.badComment, "the line should end after the type") }
        metadata.set(type, of: family)
    }

    private mutating func help(into metadata: inout FamilyMetadata, limits: ExpositionLimits) throws(ExpositionError) {
        let family = try family(metadata, limits: limits)
        skipBlanks()
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        let text = SeriesSyntax.unescaped(bytes[start..<min(at, start + limits.textBytes - 4)])
        metadata.set(help: String(decoding: text, as: UTF8.self), of: family)
    }
}
