internal import JSON
internal import Model

/// Members of one JSON object, with errors that name the message and the member.
struct MessageReader {
    let value: JSONValue
    private let name: String

    /// Reads `json` as the message called `name` in errors.
    init(_ json: [UInt8], _ name: String) throws(ProtocolError) {
        do {
            try self.init(JSONValue(parsing: json, limits: JSONValue.Limits(bytes: 1 << 20, depth: 8)), name)
        } catch let error as JSONError {
            throw ProtocolError(code: .notJSON, message: "\(name): \(error)")
        } catch let error as ProtocolError {
            throw error
        } catch {
            throw ProtocolError(code: .notJSON, message: name)
        }
    }

    init(_ value: JSONValue, _ name: String) throws(ProtocolError) {
        guard value.object != nil else {
            throw ProtocolError(code: .badMember, message: "\(name) is an object")
        }
        self.value = value
        self.name = name
    }

    func bad(_ member: String) -> ProtocolError {
        ProtocolError(code: .badMember, message: "\(name): \"\(member)\" is missing or not what it should be")
    }

    func text(_ member: String) throws(ProtocolError) -> String {
        guard let text = value[member]?.string else { throw bad(member) }
        return text
    }

    func optionalText(_ member: String) -> String? { value[member]?.string }

    func integer(_ member: String) -> Int64? { value[member]?.int64 }

    func unsigned(_ member: String) -> UInt64? { value[member]?.uint64 }

    func bool(_ member: String) throws(ProtocolError) -> Bool {
        guard let bool = value[member]?.bool else { throw bad(member) }
        return bool
    }

    func texts(_ member: String) throws(ProtocolError) -> [String] {
        guard let elements = value[member]?.array else { throw bad(member) }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw bad(member) }
        return texts
    }

    /// An etcd id in hex.
    func id(_ member: String) throws(ProtocolError) -> EtcdID {
        guard let id = try optionalID(member) else { throw bad(member) }
        return id
    }

    func optionalID(_ member: String) throws(ProtocolError) -> EtcdID? {
        guard let text = value[member]?.string else { return nil }
        guard let id = EtcdID(hex: text) else { throw bad(member) }
        return id
    }
}
