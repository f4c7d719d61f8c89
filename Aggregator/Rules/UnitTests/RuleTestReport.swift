/// What came of a file of unit tests.
public struct RuleTestReport: Sendable {
    /// The file.
    public var file: String
    /// How many expectations were looked at.
    public var checks: Int
    /// Those that were not met, in the file's order.
    public var failures: [RuleTestFailure]
}

/// An expectation that was not met.
public struct RuleTestFailure: Sendable, CustomStringConvertible {
    /// The file of tests.
    public var file: String
    /// Where the expectation stands, from 1.
    public var line: Int
    /// From 1.
    public var column: Int
    /// What was expected and what came.
    public var message: String

    public var description: String { "\(file):\(line):\(column): \(message)" }
}
