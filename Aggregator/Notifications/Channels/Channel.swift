internal import HTTPClient
internal import Model

/// A notification that is due on a channel.
struct DueNotification: Sendable {
    /// The notification's row.
    var id: Int64
    /// When it was made.
    var createdAt: Timestamp
    /// What it says.
    var content: NotificationContent
}

/// A way to tell people.
protocol Channel: Sendable {
    /// The configured name.
    var name: String { get }
    /// Makes one attempt. Never throws: whatever happens is an outcome for the ledger.
    func send(_ notification: DueNotification) async -> AttemptOutcome
}

extension AttemptOutcome {
    /// What a client's failure means for the next attempt.
    ///
    /// - Parameter hiding: texts that must not reach the ledger.
    init(_ error: HTTPClientError, hiding secrets: [String]) {
        var message = error.message
        for secret in secrets where !secret.isEmpty {
            message = message.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "(hidden)")
        }
        self.init(result: Self.result(of: error), code: error.answer, error: message)
    }

    private static func result(of error: HTTPClientError) -> Result {
        switch error.code {
        // A certificate is replaced, a name appears, a server comes back.
        case .unresolved, .refused, .timeout, .tls, .broken: .retry
        case .cancelled: .interrupted
        case .invalidRequest, .tooLarge: .failed
        // RFC 5321 section 4.2.1: 4yz is transient, 5yz is permanent. Without an answer, try again.
        case .rejected: error.answer.map { $0 >= 500 } ?? false ? .failed : .retry
        }
    }
}
