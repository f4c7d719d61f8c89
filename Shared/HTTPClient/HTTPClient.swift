// HTTPClient: HTTP requests and SMTP mail through libcurl: pooled connections, TLS, deadlines, bounded answers.
// The only room that imports libcurl. Leaves retries, redirects, content encodings and the meaning of a status to
// others.

/// The version of HTTP that a client speaks.
public enum HTTPVersion: Sendable {
    /// HTTP/1.1.
    case http1
    /// HTTP/2 with servers that choose it in the TLS handshake (ALPN), HTTP/1.1 with all others.
    case http2
}

/// Sends requests over pooled keep-alive connections, all driven by one thread of its own.
///
/// Proxy variables of the environment are ignored unless `proxy` says otherwise.
public final class HTTPClient: Sendable {
    private let loop: CurlLoop
    private let tls: TLSOptions
    private let version: HTTPVersion
    private let proxy: String?

    /// A client; its thread starts with the first request and ends when the client is released.
    /// - Parameters:
    ///   - tls: for `https` URLs.
    ///   - version: the newest that is spoken.
    ///   - maximumConnections: connections in all; further requests wait within their deadline.
    ///   - idleConnections: how many are kept open for the next request.
    ///   - proxy: as libcurl takes it, `http://proxy:3128`; nil for none.
    public init(
        tls: TLSOptions = TLSOptions(), version: HTTPVersion = .http1, maximumConnections: Int = 64,
        idleConnections: Int = 8, proxy: String? = nil
    ) {
        self.tls = tls
        self.version = version
        self.proxy = proxy
        loop = CurlLoop(maximumConnections: maximumConnections, idleConnections: idleConnections)
    }

    deinit { loop.stop() }

    /// Sends `request` and returns the whole answer, whatever its status.
    ///
    /// - Parameter deadline: for everything: name, connection, TLS, request and answer.
    /// - Throws: `.timeout` after `deadline`, `.cancelled` when the task is cancelled, the others by what went wrong.
    public func send(_ request: HTTPRequest, deadline: Duration) async throws(HTTPClientError) -> HTTPResponse {
        try await loop.perform(.http(request, tls, version, proxy: proxy), deadline: deadline).get()
    }

    /// Fails what is under way with `.cancelled` and closes all connections; later requests fail too.
    public func shutdown() {
        loop.stop()
    }
}

/// Hands mails to a server through libcurl; one connection a mail.
public final class MailClient: Sendable {
    private let loop = CurlLoop(maximumConnections: 4, idleConnections: 0)

    /// A client; its thread starts with the first mail and ends when the client is released.
    public init() {}

    deinit { loop.stop() }

    /// Hands `message` over and returns once the server has taken responsibility for it (250 after DATA).
    ///
    /// - Throws: `.rejected` with the server's answer code, or as `HTTPClient.send` does.
    public func send(_ message: MailMessage, to server: SMTPServer, deadline: Duration) async throws(HTTPClientError) {
        _ = try await loop.perform(.mail(message, server), deadline: deadline).get()
    }
}
