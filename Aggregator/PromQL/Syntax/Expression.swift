public import SeriesQuery

/// A parsed query. Every node knows the bytes of the query it stands for.
public indirect enum Expression: Hashable, Sendable {
    case number(NumberLiteral)
    case string(StringLiteral)
    case selector(VectorSelector)
    case matrix(MatrixSelector)
    case subquery(Subquery)
    case call(FunctionCall)
    case aggregation(Aggregation)
    case binary(BinaryOperation)
    case unary(UnaryOperation)
    case parentheses(Parentheses)

    /// Where it stands in the query.
    public var range: SourceRange {
        switch self {
        case .number(let node): node.range
        case .string(let node): node.range
        case .selector(let node): node.range
        case .matrix(let node): node.range
        case .subquery(let node): node.range
        case .call(let node): node.range
        case .aggregation(let node): node.range
        case .binary(let node): node.range
        case .unary(let node): node.range
        case .parentheses(let node): node.range
        }
    }

    /// What it evaluates to.
    public var type: ValueType {
        switch self {
        case .number: .scalar
        case .string: .string
        case .selector, .aggregation: .vector
        case .matrix, .subquery: .matrix
        case .call(let node): node.function.returns
        case .binary(let node): node.left.type == .scalar && node.right.type == .scalar ? .scalar : .vector
        case .unary(let node): node.operand.type
        case .parentheses(let node): node.inner.type
        }
    }

    /// Without parentheses around it.
    public var unwrapped: Expression {
        if case .parentheses(let node) = self { node.inner.unwrapped } else { self }
    }
}

/// What an expression evaluates to.
public enum ValueType: String, Hashable, Sendable {
    case scalar
    case string
    case vector = "instant vector"
    case matrix = "range vector"
}

/// `1e3`, `0x1f`, `5m` (300).
public struct NumberLiteral: Hashable, Sendable {
    /// Seconds for a duration.
    public var value: Double
    /// Whether it was written as a duration.
    public var isDuration = false
    /// Its place.
    public var range: SourceRange
}

/// `"…"`, `'…'`, `` `…` ``.
public struct StringLiteral: Hashable, Sendable {
    /// The text, escapes resolved; bytes that are not UTF-8 are replaced by U+FFFD.
    public var value: String
    /// The bytes, if they are not UTF-8.
    public var invalidBytes: [UInt8]?
    /// Its place.
    public var range: SourceRange
}

/// What `@` names.
public enum AtModifier: Hashable, Sendable {
    /// Milliseconds since the epoch.
    case time(Int64)
    case start
    case end
}

/// `name{label="value"} @ 0 offset 5m`.
public struct VectorSelector: Hashable, Sendable {
    /// The metric's name as written before the braces, "" if there was none.
    public var name: String
    /// All conditions, that on `__name__` among them.
    public var matchers: [LabelMatcher]
    /// Milliseconds; positive looks back.
    public var offset: Int64 = 0
    /// The fixed instant, if any.
    public var at: AtModifier?
    /// Its place.
    public var range: SourceRange
}

/// `selector[5m]`.
public struct MatrixSelector: Hashable, Sendable {
    /// Which series; holds offset and `@`.
    public var selector: VectorSelector
    /// Milliseconds.
    public var window: Int64
    /// Its place.
    public var range: SourceRange
}

/// `expression[1h:1m]`.
public struct Subquery: Hashable, Sendable {
    /// What is evaluated at each step.
    public var inner: Expression
    /// Milliseconds.
    public var window: Int64
    /// Milliseconds; nil for the engine's default.
    public var interval: Int64?
    /// Milliseconds; positive looks back.
    public var offset: Int64 = 0
    /// The fixed instant, if any.
    public var at: AtModifier?
    /// Its place.
    public var range: SourceRange
}

/// `rate(x[5m])`.
public struct FunctionCall: Hashable, Sendable {
    /// Its signature.
    public var function: FunctionSignature
    /// As many as the signature allows.
    public var arguments: [Expression]
    /// Its place.
    public var range: SourceRange
}

/// `sum by (job) (x)`.
public struct Aggregation: Hashable, Sendable {
    /// What is done to each group.
    public var operation: AggregationOperation
    /// What is aggregated.
    public var inner: Expression
    /// The `5` of `topk(5, x)`.
    public var parameter: Expression?
    /// The labels of `by` or `without`.
    public var grouping: [String]
    /// Whether the labels are those of `without`.
    public var isWithout: Bool
    /// Its place.
    public var range: SourceRange
}

/// The aggregations.
public enum AggregationOperation: String, Hashable, Sendable, CaseIterable {
    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile
    case countValues = "count_values"
    case limitk
    case limitRatio = "limit_ratio"

    /// The type of the parameter, if it takes one.
    var parameterType: ValueType? {
        switch self {
        case .topk, .bottomk, .quantile, .limitk, .limitRatio: .scalar
        case .countValues: .string
        default: nil
        }
    }

    /// Whether Prometheus hides it behind a flag.
    var isExperimental: Bool { self == .limitk || self == .limitRatio }
}

/// `-x`.
public struct UnaryOperation: Hashable, Sendable {
    /// Whether the sign is minus.
    public var isNegative: Bool
    /// What it stands before.
    public var operand: Expression
    /// Its place.
    public var range: SourceRange
}

/// `(x)`.
public struct Parentheses: Hashable, Sendable {
    /// What is inside.
    public var inner: Expression
    /// Its place.
    public var range: SourceRange
}
