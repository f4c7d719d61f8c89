/// Collects what is wrong while a file is read, so that all of it is told at once.
///
/// Confined to the function that reads the file.
public final class Problems {
    /// What was found so far, in order.
    public private(set) var errors: [ConfigurationError] = []

    /// None yet.
    public init() {}

    /// Adds a problem.
    public func report(_ error: ConfigurationError) {
        errors.append(error)
    }

    /// Throws all that was found, by place; returns if nothing was.
    public func throwIfAny() throws(ConfigurationErrors) {
        guard !errors.isEmpty else { return }
        throw ConfigurationErrors(errors.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
}
