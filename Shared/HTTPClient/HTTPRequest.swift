/// One request. What stands here is what goes over the wire, next to `Host` and `Content-Length`: the client adds no
/// `Accept`, `User-Agent` or `Expect` of its own. (HTTP/2 has the names in lower case, and `:authority` for `Host`.)
public struct HTTPRequest: Sendable {
    /// GET, POST, …
    public var method: String
    /// Absolute, `http` or `https`, already percent-encoded.
    public var url: String
    /// In order; names may repeat. Neither names nor values may hold line breaks.
    public var headers: [(name: String, value: String)]
    /// Sent as it is; nil sends no body and no `Content-Length`.
    public var body: [UInt8]?
    /// The longest response body that is accepted; more is `.tooLarge`.
    public var maximumBodyBytes: Int
    /// Talk to this socket instead of the URL's host and port.
    public var unixSocketPath: String?

    /// A request; at most 16 MiB of answer unless told otherwise.
    public init(
        _ method: String = "GET", _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        maximumBodyBytes: Int = 16 << 20, unixSocketPath: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maximumBodyBytes = maximumBodyBytes
        self.unixSocketPath = unixSocketPath
    }
}

/// The answer to a request: any status, 4xx and 5xx too. Redirects are not followed.
public struct HTTPResponse: Sendable {
    /// 200, 404, …
    public var status: Int
    /// In order, names in lower case.
    public var headers: [(name: String, value: String)]
    /// After chunked transfer coding was undone; a `Content-Encoding` is left as it is.
    public var body: [UInt8]
    /// What it cost.
    public var metrics: HTTPMetrics

    /// A response: tests make them too.
    public init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        metrics: HTTPMetrics = HTTPMetrics()
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.metrics = metrics
    }

    /// The value of the first header `name` (lower case), or nil.
    public subscript(header name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// Bytes and times of one exchange, as libcurl counts them: HTTP only, without TLS and TCP. Headers count in HTTP/1.1's
/// notation; HTTP/2 compresses them.
public struct HTTPMetrics: Sendable, Equatable {
    /// Request line, headers and body.
    public var sentBytes = 0
    /// Status line, headers and body.
    public var receivedBytes = 0
    /// What was spoken.
    public var version = HTTPVersion.http1
    /// Whether a new connection had to be opened.
    public var openedConnection = false
    /// Until the connection (with TLS) stood; zero for a pooled one.
    public var connected: Duration = .zero
    /// Until the first byte of the answer.
    public var firstByte: Duration = .zero
    /// Until the last byte of the answer.
    public var total: Duration = .zero

    /// All zero.
    public init() {}
}
