/// What scalars mean. Pure functions: other formats with the same words may use them.
public enum ScalarText {
    /// `true`, `false`, `yes`, `no`, `on`, `off` (YAML 1.1, lower case), unquoted.
    static func bool(_ node: YAMLNode) -> Bool? {
        guard case .scalar(let text, quoted: false) = node.content else { return nil }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    /// A Prometheus duration: whole numbers with units, largest first, each once: `1h30m`, `250ms`; `0` alone is zero.
    /// Units: ms s m h d w y (365 d).
    public static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text.utf8[...]
        var total = Duration.zero
        var smallest = Int64.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { (0x61...0x7a).contains($0) }
            rest = rest.dropFirst(letters.count)
            guard let count = Int64(Substring(digits)), let unit = durationUnits[String(Substring(letters))],
                unit < smallest, !count.multipliedReportingOverflow(by: unit).overflow
            else { return nil }
            smallest = unit
            total += .milliseconds(count * unit)
        }
        return total
    }

    /// A number of bytes: `64MiB`, `512KiB`, `2GB`, `100`. Units: B, KiB MiB GiB TiB (1024), kB KB MB GB TB (1000).
    public static func bytes(_ text: String) -> Int? {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        let unit = text.utf8.dropFirst(digits.count).drop { $0 == 0x20 }
        guard let count = Int(Substring(digits)), let scale = byteUnits[String(Substring(unit))] else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: scale)
        return overflow ? nil : bytes
    }

    /// `duration` as a person writes it: `1m30s`.
    public static func text(_ duration: Duration) -> String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for (name, unit) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
            as [(String, Int64)]
        where rest >= unit {
            text += "\(rest / unit)\(name)"
            rest %= unit
        }
        return text
    }

    private static let durationUnits: [String: Int64] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000,
    ]

    private static let byteUnits: [String: Int] = [
        "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
        "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    ]
}

/// A host and a port.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    /// 0 to 65535; 0 lets the system choose.
    public var port: Int

    /// `host` and `port`.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[v6]:port`, and without a port if there is a default.
    public init?(_ text: String, defaultPort: Int? = nil) {
        var host = Substring(text)
        var port = defaultPort
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { return nil }
                port = Int(rest.dropFirst())
            }
        } else if let colon = text.firstIndex(of: ":") {
            guard text[text.index(after: colon)...].firstIndex(of: ":") == nil else { return nil }
            host = text[..<colon]
            port = Int(text[text.index(after: colon)...])
        }
        guard !host.isEmpty, let port, (0...65535).contains(port), !host.contains(where: \.isWhitespace) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
