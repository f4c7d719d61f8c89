/// `left / on (job) group_left right`.
public struct BinaryOperation: Hashable, Sendable {
    /// The operator.
    public var `operator`: BinaryOperator
    /// The left side.
    public var left: Expression
    /// The right side.
    public var right: Expression
    /// How series find each other; nil unless both sides are vectors.
    public var matching: VectorMatching?
    /// Whether a comparison answers 0 and 1 instead of filtering.
    public var returnsBool: Bool
    /// Its place.
    public var range: SourceRange
}

/// How the series of both sides find each other.
public struct VectorMatching: Hashable, Sendable {
    /// How many series of each side may share a match group.
    public enum Cardinality: String, Hashable, Sendable {
        case oneToOne = "one-to-one"
        case manyToOne = "many-to-one"
        case oneToMany = "one-to-many"
        case manyToMany = "many-to-many"
    }

    /// Which side may have many.
    public var cardinality: Cardinality = .oneToOne
    /// The labels of `on` or `ignoring`.
    public var labels: [String] = []
    /// Whether the labels are those of `on`.
    public var isOn = false
    /// The labels of `group_left` or `group_right`: taken from the side that is one.
    public var include: [String] = []
    /// The value of a left series that is missing (experimental `fill`, `fill_left`).
    public var fillLeft: Double?
    /// The value of a right series that is missing (experimental `fill`, `fill_right`).
    public var fillRight: Double?
}

/// The binary operators.
public enum BinaryOperator: String, Hashable, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case atan2
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case and
    case or
    case unless

    /// Higher binds tighter.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: 5
        case .power: 6
        }
    }

    /// Whether it compares.
    var isComparison: Bool { precedence == 3 }

    /// Whether it is `and`, `or` or `unless`.
    var isSetOperator: Bool { precedence <= 2 }
}
