/// A statement whose interpolations are parameters, never text: `"select name from cluster where id = \(id)"`.
///
/// Values travel in binary form. Only `\(unsafe:)` puts text into the statement.
public struct SQL: Sendable, ExpressibleByStringInterpolation, CustomDebugStringConvertible {
    /// Text between parameters: always one more than there are parameters.
    private var pieces: [String]
    /// In the order of `$1`, `$2`, …
    private(set) var parameters: [PostgresParameter]

    /// A statement without parameters.
    public init(stringLiteral text: String) {
        (pieces, parameters) = ([text], [])
    }

    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// The statement as the server gets it, with `$1` for the first parameter.
    var text: String {
        var result = pieces[0]
        for (at, piece) in pieces.dropFirst().enumerated() { result += "$\(at + 1)\(piece)" }
        return result
    }

    /// The text, without the parameters' values.
    public var debugDescription: String { text }

    private mutating func append(_ parameter: PostgresParameter) {
        parameters.append(parameter)
        pieces.append("")
    }

    private mutating func append(text: String) {
        pieces[pieces.count - 1] += text
    }

    private mutating func append(_ other: SQL) {
        append(text: other.pieces[0])
        parameters += other.parameters
        pieces += other.pieces.dropFirst()
    }

    /// `left` followed by `right`.
    public static func + (left: SQL, right: SQL) -> SQL {
        var result = left
        result.append(right)
        return result
    }

    /// Collects the pieces of a literal.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var sql: SQL = ""

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) {
            sql.append(text: literal)
        }

        /// A parameter.
        public mutating func appendInterpolation<Value: PostgresBindable>(_ value: Value) {
            sql.append(PostgresParameter(value))
        }

        /// A parameter, NULL for nil.
        public mutating func appendInterpolation<Value: PostgresBindable>(_ value: Value?) {
            sql.append(PostgresParameter(value))
        }

        /// An array parameter, for `unnest` and `= any(…)`.
        public mutating func appendInterpolation<Value: PostgresBindable>(_ values: [Value]) {
            sql.append(PostgresParameter(array: values))
        }

        /// An array parameter that may hold NULLs.
        public mutating func appendInterpolation<Value: PostgresBindable>(_ values: [Value?]) {
            sql.append(PostgresParameter(array: values))
        }

        /// A `jsonb` parameter of this JSON text.
        public mutating func appendInterpolation(json text: String) {
            sql.append(PostgresParameter(json: text))
        }

        /// A `jsonb` parameter of this JSON text, NULL for nil.
        public mutating func appendInterpolation(json text: String?) {
            sql.append(PostgresParameter(json: text))
        }

        /// A part of a statement with its own parameters.
        public mutating func appendInterpolation(_ part: SQL) {
            sql.append(part)
        }

        /// Text of the statement itself, such as a partition's name. Never pass input.
        public mutating func appendInterpolation(unsafe text: String) {
            sql.append(text: text)
        }
    }
}
