internal import JSON

extension JSONValue {
    /// Indented by two spaces, with a newline at the end; an object of nothing but scalars stands on one line, so that a
    /// changed status is one changed line that shows whose it is.
    var pretty: String { pretty(indent: "") + "\n" }

    private func pretty(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + $0.pretty(indent: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members) where members.allSatisfy(\.1.isScalar):
            let words = members.map { "\(JSONValue.string($0)): \($1)" }
            return words.isEmpty ? "{}" : "{ " + words.joined(separator: ", ") + " }"
        case .object(let members):
            let lines = members.map { "\(inner)\(JSONValue.string($0)): \($1.pretty(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        default: return description
        }
    }

    private var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    /// The string, or null.
    init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// The number.
    init(_ number: Int) { self = .number(String(number)) }
}
