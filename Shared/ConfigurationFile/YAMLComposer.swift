/// Makes nodes from events: within bounds, with aliases replaced, duplicate keys reported.
struct YAMLComposer: ~Copyable {
    /// What is wrong but does not stop the reading.
    let problems = Problems()
    private let parser: YAMLParser
    private let file: String
    private let limits: YAMLDocument.Limits
    private var nodes = 0
    private var depth = 0
    /// What each anchor names, and how many nodes that is.
    private var anchors: [String: (node: YAMLNode, count: Int)] = [:]

    init(bytes: [UInt8], file: String, limits: YAMLDocument.Limits) {
        parser = YAMLParser(bytes)
        self.file = file
        self.limits = limits
    }

    /// The only document of the stream.
    mutating func document() throws(ConfigurationError) -> YAMLNode {
        while true {
            let (event, mark) = try parser.next(file: file)
            switch event {
            case .streamStart: continue
            case .documentStart:
                let root = try node(parser.next(file: file))
                _ = try parser.next(file: file)
                let (rest, mark) = try parser.next(file: file)
                guard case .streamEnd = rest else {
                    throw error(mark, "a second document", remedy: "keep one document in the file")
                }
                return root
            default: return made(.scalar("", quoted: false), mark)
            }
        }
    }

    private func error(_ mark: YAMLMark, _ problem: String, remedy: String) -> ConfigurationError {
        ConfigurationError(file: file, line: mark.line, column: mark.column, problem: problem, remedy: remedy)
    }

    private func made(_ content: YAMLNode.Content, _ mark: YAMLMark) -> YAMLNode {
        YAMLNode(content: content, file: file, line: mark.line, column: mark.column)
    }

    private mutating func node(_ next: (event: YAMLEvent, mark: YAMLMark)) throws(ConfigurationError) -> YAMLNode {
        let before = nodes
        try count(1, at: next.mark)
        let result: YAMLNode
        let name: String?
        switch next.event {
        case .alias(let anchor): return try named(anchor, next.mark)
        case .scalar(let text, let quoted, let anchor):
            (result, name) = (made(.scalar(text, quoted: quoted), next.mark), anchor)
        case .sequenceStart(let anchor):
            try descend(next.mark)
            (result, name) = (made(.sequence(try elements()), next.mark), anchor)
            depth -= 1
        case .mappingStart(let anchor):
            try descend(next.mark)
            (result, name) = (made(.mapping(try pairs()), next.mark), anchor)
            depth -= 1
        default: throw error(next.mark, "a value is missing", remedy: "write one")
        }
        if let name { anchors[name] = (result, nodes - before) }
        return result
    }

    private mutating func count(_ more: Int, at mark: YAMLMark) throws(ConfigurationError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw error(mark, "more than \(limits.nodes) values", remedy: "use fewer aliases, or split the file")
        }
    }

    private mutating func descend(_ mark: YAMLMark) throws(ConfigurationError) {
        depth += 1
        guard depth <= limits.depth else {
            throw error(mark, "nested more than \(limits.depth) levels", remedy: "flatten it")
        }
    }

    /// What `anchor` names, at the alias's own place so that complaints point there.
    private mutating func named(_ anchor: String, _ mark: YAMLMark) throws(ConfigurationError) -> YAMLNode {
        guard let (node, size) = anchors[anchor] else {
            throw error(mark, "no anchor &\(anchor) above", remedy: "define it before it is used")
        }
        try count(size - 1, at: mark)
        return made(node.content, mark)
    }

    private mutating func elements() throws(ConfigurationError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let next = try parser.next(file: file)
            if case .sequenceEnd = next.event { return elements }
            elements.append(try node(next))
        }
    }

    private mutating func pairs() throws(ConfigurationError) -> [YAMLNode.Pair] {
        var pairs: [YAMLNode.Pair] = []
        var lines: [String: Int] = [:]
        while true {
            let next = try parser.next(file: file)
            if case .mappingEnd = next.event { return pairs }
            let key = try node(next)
            let value = try node(parser.next(file: file))
            guard let name = key.text else {
                throw key.error("a key that is \(key.kind)", remedy: "write a word, then a colon")
            }
            if let line = lines[name] {
                problems.report(
                    key.error("the key \"\(name)\" stands here again", remedy: "keep this one or line \(line)"))
            } else {
                lines[name] = key.line
                pairs.append(YAMLNode.Pair(key: key, name: name, value: value))
            }
        }
    }
}
