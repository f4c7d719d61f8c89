internal import ConfigurationFile
public import JSON
public import SeriesQuery

extension LabelMatcher {
    /// Reads `name="value"`, `name!=value`, `name=~"pattern"`, `name!~'pattern'`, as Alertmanager's configuration and
    /// amtool write matchers; quotes may be left out.
    ///
    /// - Throws: `.invalid`, saying what is wrong.
    public init(text: String) throws(NotificationsError) {
        let bytes = Array(text.utf8)
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let trimmed = bytes.drop(while: blank)
        let name = trimmed.prefix(while: Self.isNameByte)
        let rest = trimmed.dropFirst(name.count).drop(while: blank)
        guard let first = name.first, !(0x30...0x39).contains(first),
            let operation = ["=~", "!~", "!=", "="].first(where: { rest.starts(with: $0.utf8) })
        else { throw NotificationsError(.invalid, "\"\(text)\" is no matcher; write name=\"value\", or !=, =~, !~") }
        let value = Self.unquoted(rest.dropFirst(operation.utf8.count).drop(while: blank))
        guard let value else {
            throw NotificationsError(.invalid, "\"\(text)\" is no matcher: its value's quotes do not close")
        }
        self = try LabelMatcher.checked(String(decoding: name, as: UTF8.self), operation, value)
    }

    /// The matcher of these parts.
    ///
    /// - Throws: `.invalid`: no such operation, no label's name, or a pattern that cannot be read.
    public static func checked(
        _ name: String, _ operation: String, _ value: String
    ) throws(NotificationsError) -> LabelMatcher {
        guard let operation = Operation(rawValue: operation) else {
            throw NotificationsError(.invalid, "\"\(operation)\" is no comparison; write =, !=, =~ or !~")
        }
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.allSatisfy(isNameByte),
            name.utf8.count <= 128
        else { throw NotificationsError(.invalid, "\"\(name)\" is not the name of a label") }
        guard value.utf8.count <= 1024, !value.utf8.contains(0) else {
            throw NotificationsError(.invalid, "the value of \(name) is too long; 1024 bytes are the most")
        }
        do {
            return try LabelMatcher(name, operation, value)
        } catch {
            throw NotificationsError(.invalid, "the pattern \"\(value)\" cannot be read: \(error.message)")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == 0x5f || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// nil if a quote is opened and not closed at the end.
    private static func unquoted(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let quote = bytes.first, quote == 0x22 || quote == 0x27 else {
            let end = bytes.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? bytes.startIndex
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
        var value: [UInt8] = []
        var at = bytes.startIndex + 1
        while at < bytes.endIndex, bytes[at] != quote {
            if bytes[at] == 0x5c, at + 1 < bytes.endIndex {
                at += 1
                // `\d` of a pattern stays as it is.
                if bytes[at] != quote, bytes[at] != 0x5c { value.append(0x5c) }
            }
            value.append(bytes[at])
            at += 1
        }
        guard at < bytes.endIndex, bytes[(at + 1)...].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }
}

extension [LabelMatcher] {
    /// The cluster that alone they are about; nil if they may be about several.
    public var cluster: String? {
        first { $0.name == "cluster" && $0.operation == .equal && !$0.value.isEmpty }?.value
    }

    /// Appends them as a list of objects with name, operation and value.
    public func write(to json: inout JSONWriter) {
        json.array {
            for matcher in self {
                $0.object {
                    $0.member("name", matcher.name)
                    $0.member("operation", matcher.operation.rawValue)
                    $0.member("value", matcher.value)
                }
            }
        }
    }
}

extension MappingReader {
    /// A list of matchers, each as a text; what is wrong with one is reported.
    mutating func matchers(_ key: String) -> [LabelMatcher] {
        let texts = strings(key, default: [])
        return texts.compactMap { text in
            do throws(NotificationsError) {
                return try LabelMatcher(text: text)
            } catch {
                problems.report(node.error("\(key): \(error.message)", remedy: "such as 'severity=\"critical\"'"))
                return nil
            }
        }
    }
}
