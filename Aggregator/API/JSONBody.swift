internal import Hummingbird
internal import JSON
internal import NIOCore

/// The JSON object of a request's body, read member by member; what is missing or wrong is named in a 400.
struct JSONBody: Sendable {
    private let value: JSONValue

    /// Reads at most `limit` bytes.
    ///
    /// - Throws: 400, 413, 415.
    init(_ request: Request, limit: Int) async throws {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard type.hasPrefix("application/json") else {
            throw APIError(
                .unsupportedMediaType, "unsupported-media-type", "the body must be application/json")
        }
        let bytes = try await request.body.bytes(upTo: limit)
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw APIError.badRequest("the body is not JSON: \(error)")
        }
        guard value.object != nil else { throw APIError.badRequest("the body must be a JSON object") }
    }

    /// A member as it is; nil if absent.
    subscript(name: String) -> JSONValue? { value[name] }

    /// A text that must be there.
    func text(_ name: String) throws -> String {
        guard let text = value[name]?.string else { throw APIError.badRequest("'\(name)' must be a text") }
        return text
    }

    /// A text, nil if absent or null.
    func optionalText(_ name: String) throws -> String? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let text = member.string else { throw APIError.badRequest("'\(name)' must be a text") }
        return text
    }

    /// A whole number, nil if absent or null.
    func optionalNumber(_ name: String) throws -> Int64? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let number = member.int64 else { throw APIError.badRequest("'\(name)' must be a whole number") }
        return number
    }

    /// A list of texts, nil if absent or null.
    func optionalTexts(_ name: String) throws -> [String]? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let elements = member.array else { throw APIError.badRequest("'\(name)' must be a list of texts") }
        return try elements.map { element in
            guard let text = element.string else { throw APIError.badRequest("'\(name)' must be a list of texts") }
            return text
        }
    }

    /// The members of an object whose values are texts, nil if absent or null.
    func optionalTextsByName(_ name: String) throws -> [String: String]? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let members = member.object else { throw APIError.badRequest("'\(name)' must be an object") }
        var texts: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.string else { throw APIError.badRequest("'\(name)' must hold texts") }
            texts[key] = text
        }
        return texts
    }

    /// A number, nil if absent or null.
    func optionalDouble(_ name: String) throws -> Double? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let number = member.double else { throw APIError.badRequest("'\(name)' must be a number") }
        return number
    }

    /// True or false, nil if absent or null.
    func optionalBool(_ name: String) throws -> Bool? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let bool = member.bool else { throw APIError.badRequest("'\(name)' must be true or false") }
        return bool
    }

    /// The members of an object whose values are numbers, nil if absent or null.
    func optionalDoublesByName(_ name: String) throws -> [String: Double]? {
        guard let member = value[name], !member.isNull else { return nil }
        guard let members = member.object else { throw APIError.badRequest("'\(name)' must be an object") }
        var numbers: [String: Double] = [:]
        for (key, value) in members {
            guard let number = value.double, number.isFinite else {
                throw APIError.badRequest("'\(name)' must hold numbers")
            }
            numbers[key] = number
        }
        return numbers
    }
}
