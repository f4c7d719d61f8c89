/// One thing that is wrong in a file, where, and what to do: `agent.yaml:12:3: unknown key "intervall"; did you mean
/// "interval"?`
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// As given by who opened it.
    public var file: String
    /// From 1; 0 when the file itself is the problem.
    public var line: Int
    /// From 1.
    public var column: Int
    /// What is wrong.
    public var problem: String
    /// What to do.
    public var remedy: String

    /// A problem at a place.
    public init(file: String, line: Int, column: Int, problem: String, remedy: String) {
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return remedy.isEmpty ? "\(place): \(problem)" : "\(place): \(problem); \(remedy)"
    }
}

/// All that is wrong in a file, in its order.
public struct ConfigurationErrors: Error, Sendable, CustomStringConvertible {
    /// At least one.
    public var errors: [ConfigurationError]

    /// These problems.
    public init(_ errors: [ConfigurationError]) {
        self.errors = errors
    }

    /// One problem a line.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
