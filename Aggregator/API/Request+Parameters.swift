internal import Hummingbird

extension Request {
    /// A parameter of the query; nil if absent or empty.
    func parameter(_ name: String) -> String? {
        let value = uri.queryParameters[Substring(name)].map(String.init)
        return value?.isEmpty == true ? nil : value
    }

    /// A whole number of the query; nil if absent.
    ///
    /// - Throws: 400 for anything outside `range`.
    func whole(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = parameter(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw APIError.badRequest(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
