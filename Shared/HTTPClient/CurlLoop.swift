/// What a loop can do.
enum CurlTask: Sendable {
    case http(HTTPRequest, TLSOptions, proxy: String?)
    case mail(MailMessage, SMTPServer)
}

/// A curl multi handle and the thread that drives it.
final class CurlLoop: Sendable {
    init(maximumConnections: Int, idleConnections: Int) {}

    func perform(_ task: CurlTask, deadline: Duration) async -> Result<HTTPResponse, HTTPClientError> {
        .failure(HTTPClientError(code: .refused, message: "not connected"))
    }

    func stop() {}
}
