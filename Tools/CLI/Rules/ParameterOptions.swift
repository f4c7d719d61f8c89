import ArgumentParser
import JSON

/// `--set NAME=NUMBER`, as often as wanted.
struct ParameterOptions: ParsableArguments {
    @Option(name: .customLong("set"), help: "Another value for a parameter of the rule: NAME=NUMBER.")
    var parameters: [String] = []

    /// What was given, by name; nil if nothing was.
    func values() throws(CommandFailure) -> JSONValue? {
        var values: [(String, JSONValue)] = []
        for text in parameters {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let number = Double(parts[1]), number.isFinite else {
                throw CommandFailure("--set \(text): write NAME=NUMBER")
            }
            values.append((String(parts[0]), .number("\(number)")))
        }
        return values.isEmpty ? nil : .object(values)
    }
}
