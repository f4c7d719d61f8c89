/// Patterns that need no machine: what most matchers of dashboards are.
enum PatternShortcut: Sendable {
    /// One of these texts, and nothing else.
    case oneOf(Set<String>)
    /// Starts with `prefix`, ends with `suffix`, at least `minimum` scalars between.
    case around(prefix: String, minimum: Int, suffix: String)
    /// `.*text.*`.
    case contains(String)

    /// Most texts that an alternation is multiplied out to.
    private static let maximumTexts = 10_000

    init?(_ tree: PatternNode) {
        if let texts = Self.texts(of: tree) {
            self = .oneOf(Set(texts.map(Self.string)))
            return
        }
        let parts = Self.flatten(tree)
        let wild = parts.indices.filter { Self.wildMinimum(parts[$0]) != nil }
        guard let first = wild.first, let prefix = Self.literal(parts[..<first]) else { return nil }
        if wild.count == 1, let minimum = Self.wildMinimum(parts[first]),
            let suffix = Self.literal(parts[(first + 1)...])
        {
            self = .around(prefix: prefix, minimum: minimum, suffix: suffix)
        } else if wild.count == 2, first == 0, wild[1] == parts.count - 1, Self.wildMinimum(parts[0]) == 0,
            Self.wildMinimum(parts[wild[1]]) == 0, let middle = Self.literal(parts[1..<wild[1]])
        {
            self = .contains(middle)
        } else {
            return nil
        }
    }

    func matches(_ value: String) -> Bool {
        switch self {
        case .oneOf(let texts): return texts.contains(value)
        case .around(let prefix, let minimum, let suffix):
            let count = value.utf8.count - prefix.utf8.count - suffix.utf8.count
            return count >= minimum && value.utf8.starts(with: prefix.utf8)
                && value.utf8.reversed().starts(with: suffix.utf8.reversed())
        case .contains(let text): return Self.contains(Array(value.utf8), Array(text.utf8))
        }
    }

    private static func contains(_ value: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard value.count >= part.count else { return false }
        for start in 0...(value.count - part.count) where value[start] == first {
            if value[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }

    /// The scalars of every text the tree matches, if they are few and no set, repetition or assertion is in it.
    private static func texts(of node: PatternNode) -> [[UInt32]]? {
        switch node {
        case .empty: return [[]]
        case .scalar(let value): return [[value]]
        case .group(let body, _): return texts(of: body)
        case .set, .assertion, .repetition: return nil
        case .alternation(let branches):
            var all: [[UInt32]] = []
            for branch in branches {
                guard let more = texts(of: branch), all.count + more.count <= maximumTexts else { return nil }
                all += more
            }
            return all
        case .sequence(let parts):
            var all: [[UInt32]] = [[]]
            for part in parts {
                guard let more = texts(of: part), all.count * more.count <= maximumTexts else { return nil }
                all = more.count == 1 ? all.map { $0 + more[0] } : all.flatMap { left in more.map { left + $0 } }
            }
            return all
        }
    }

    private static func flatten(_ node: PatternNode) -> [PatternNode] {
        switch node {
        case .sequence(let parts): parts.flatMap(flatten)
        case .group(let body, _): flatten(body)
        default: [node]
        }
    }

    /// 0 for `.*`, 1 for `.+`, where `.` is any scalar.
    private static func wildMinimum(_ node: PatternNode) -> Int? {
        guard case .repetition(let body, let minimum, nil, _) = node, minimum <= 1, body == .set(.any) else {
            return nil
        }
        return minimum
    }

    private static func literal(_ parts: ArraySlice<PatternNode>) -> String? {
        var scalars: [UInt32] = []
        for part in parts {
            guard case .scalar(let value) = part else { return nil }
            scalars.append(value)
        }
        return string(scalars)
    }

    private static func string(_ scalars: [UInt32]) -> String {
        var view = String.UnicodeScalarView()
        for scalar in scalars { view.append(Unicode.Scalar(scalar) ?? "\u{fffd}") }
        return String(view)
    }
}
