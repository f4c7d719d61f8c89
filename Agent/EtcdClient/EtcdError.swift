internal import HTTPClient
internal import JSON

/// Why a member did not answer, or not with what was asked.
public struct EtcdError: Error, CustomStringConvertible {
    /// What callers can tell apart; the raw value is label `reason` of `etcd_monitor_scrape_failure`.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody listens, or the network says no.
        case refused
        /// No answer within the deadline.
        case timeout
        /// No TLS session: certificate, name, version or key.
        case tls
        /// An answer that is not what etcd answers, or too long.
        case garbage
        /// An HTTP status other than 200.
        case status
        /// etcd's RBAC does not let us.
        case unauthorised
        /// etcd answers that it cannot now: no leader, too busy.
        case unavailable
        /// We stopped waiting.
        case cancelled
    }

    /// The kind of failure.
    public var code: Code
    /// What was asked, and what happened.
    public var message: String

    /// A failure with `message`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    init(_ error: HTTPClientError) {
        let code: Code =
            switch error.code {
            case .refused, .unresolved, .invalidRequest: .refused
            case .timeout: .timeout
            case .tls: .tls
            case .broken, .tooLarge, .rejected: .garbage
            case .cancelled: .cancelled
            }
        let remedy = code == .tls ? TLSRemedy.words(for: error.message).map { "; \($0)" } : nil
        // What was asked is our matter; which address it was is the operator's.
        let words =
            ["GET ", "POST "].contains { error.message.hasPrefix($0) }
            ? error.message.drop { $0 != " " }.dropFirst() : error.message[...]
        self.init(code, words + (remedy ?? ""))
    }

    /// An answer with an error status: the gateway's body has gRPC's code and etcd's words.
    init(status: Int, body: [UInt8], of url: String) {
        // A body that is no JSON says nothing that the status does not.
        let answer = try? JSONValue(parsing: body)
        let words = answer?["message"]?.string ?? answer?["error"]?.string ?? "HTTP status \(status)"
        let code: Code =
            switch answer?["code"]?.int {
            case 7, 16: .unauthorised  // PermissionDenied, Unauthenticated
            case 3 where words.contains("user name is empty"): .unauthorised
            case 4, 14: .unavailable  // DeadlineExceeded, Unavailable
            default: status == 401 || status == 403 ? .unauthorised : .status
            }
        self.init(code, "\(url): \(words)")
    }
}
