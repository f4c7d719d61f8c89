internal import FoundationEssentials
internal import JSON

/// A value in a JSON file, with the way to it, so that what is wrong can be told with its line.
struct JSONNode {
    private let value: JSONValue
    private let file: String
    private let bytes: [UInt8]
    private let path: [JSONPosition.Step]

    /// The whole of `bytes`, read from `file`.
    ///
    /// - Throws: `.malformed` with the line if it is no JSON.
    init(_ bytes: [UInt8], file: String) throws(TaskmasterError) {
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            let line = JSONPosition.line(at: error.offset, in: bytes)
            throw TaskmasterError(.malformed, "\(file):\(line): \(error.message): mend it, or restore the file")
        }
        self.file = file
        self.bytes = bytes
        path = []
    }

    private init(_ value: JSONValue, in parent: JSONNode, _ step: JSONPosition.Step) {
        self.value = value
        file = parent.file
        bytes = parent.bytes
        path = parent.path + [step]
    }

    /// An error at this value.
    func error(_ text: String) -> TaskmasterError {
        let line = JSONPosition.line(at: JSONPosition.offset(of: path, in: bytes), in: bytes)
        return TaskmasterError(.malformed, "\(file):\(line): \(name)\(text)")
    }

    private var name: String {
        let steps = path.map { step in
            switch step {
            case .key(let key): ".\(key)"
            case .index(let index): "[\(index)]"
            }
        }
        return steps.isEmpty ? "" : String(steps.joined().drop { $0 == "." }) + ": "
    }

    /// The member `key`.
    func member(_ key: String) throws(TaskmasterError) -> JSONNode {
        guard case .object = value else { throw error("an object should be here") }
        guard let member = value[key] else { throw error("“\(key)” is missing: add it") }
        return JSONNode(member, in: self, .key(key))
    }

    /// The elements of the array `key`.
    func array(_ key: String) throws(TaskmasterError) -> [JSONNode] {
        let member = try member(key)
        guard let elements = member.value.array else { throw member.error("an array should be here") }
        return elements.enumerated().map { JSONNode($1, in: member, .index($0)) }
    }

    /// The string `key`.
    func string(_ key: String) throws(TaskmasterError) -> String {
        let member = try member(key)
        guard let text = member.value.string else { throw member.error("a string should be here") }
        return text
    }

    /// The string `key`, nil if it is null or missing.
    func optionalString(_ key: String) throws(TaskmasterError) -> String? {
        guard let member = value[key], !member.isNull else { return nil }
        return try string(key)
    }

    /// The whole number `key`, from 0.
    func count(_ key: String) throws(TaskmasterError) -> Int {
        let member = try member(key)
        guard case .number(let text) = member.value, let number = Int(text), 0...1_000_000_000 ~= number else {
            throw member.error("a whole number from 0 should be here")
        }
        return number
    }

    /// The string `key` as one of the cases of `Choice`.
    func choice<Choice>(_ key: String, of type: Choice.Type) throws(TaskmasterError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        let text = try string(key)
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw try member(key).error("“\(text)” is unknown: write one of \(known)")
    }

    /// The instant `key`, nil if it is null or missing.
    func optionalDate(_ key: String) throws(TaskmasterError) -> Date? {
        guard let text = try optionalString(key) else { return nil }
        // Which part of it is wrong does not matter: the error shows how all of it should look.
        if let date = try? Date(text, strategy: .iso8601) { return date }
        throw try member(key).error("“\(text)” is no instant: write it as 2026-01-31T18:00:00Z")
    }

    /// The instant `key`.
    func date(_ key: String) throws(TaskmasterError) -> Date {
        guard let date = try optionalDate(key) else { throw error("“\(key)” is missing: add it") }
        return date
    }
}
