public import HTTPTypes
public import JSON

/// An answer that is an error, as RFC 9457 writes it: `type` is `urn:etcd-monitor:problem:<code>`.
public struct APIError: Error, Sendable, CustomStringConvertible {
    /// The status code.
    public var status: HTTPResponse.Status
    /// The last part of `type`; what a program switches on.
    public var code: String
    /// What went wrong and what to do, for a person; never SQL, keys or paths.
    public var detail: String
    /// More members of the problem: `serverTime`, `position`, …
    public var members: [(name: String, value: JSONValue)]
    /// `Retry-After`, `WWW-Authenticate`, …
    public var headers: HTTPFields

    /// The error `code`, explained by `detail`.
    public init(
        _ status: HTTPResponse.Status, _ code: String, _ detail: String, headers: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        members = []
        self.headers = headers
    }

    public var description: String { "\(status.code) \(code): \(detail)" }
}

extension APIError {
    /// 404 for a thing that a path names.
    static func notFound(_ detail: String) -> APIError { APIError(.notFound, "not-found", detail) }

    /// 400 for a parameter or body that cannot be understood.
    static func badRequest(_ detail: String) -> APIError { APIError(.badRequest, "bad-request", detail) }

    /// 401 for someone who did not say who he is.
    static func unauthenticated(_ detail: String) -> APIError {
        var headers = HTTPFields()
        headers[.wwwAuthenticate] = "Bearer realm=\"etcd-monitor\""
        return APIError(.unauthorized, "unauthenticated", detail, headers: headers)
    }

    /// 403 for someone who may not.
    static func forbidden(_ detail: String) -> APIError { APIError(.forbidden, "forbidden", detail) }
}
