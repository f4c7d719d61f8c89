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
    /// What the channel left for the next notification of the group: a message to be changed.
    var reference: String?

    /// The same for every attempt of this notification, and for no other.
    var idempotencyKey: String { "etcd-monitor-\(id)-\(createdAt.milliseconds)" }
}

/// A way to tell people.
protocol Channel: Sendable {
    /// The configured name.
    var name: String { get }
    /// Makes one attempt. Never throws: whatever happens is an outcome for the ledger.
    func send(_ notification: DueNotification) async -> AttemptOutcome
}

extension ChannelConfiguration {
    /// The channel as it is configured here.
    func make(mail: MailClient, links: DashboardLinks) -> any Channel {
        func post(_ tls: TLSOptions) -> HTTPDelivery {
            HTTPDelivery(
                client: HTTPClient(tls: tls, maximumConnections: 4, idleConnections: 1), deadline: deadline)
        }
        switch kind {
        case .email(let settings):
            return EmailChannel(name: name, settings: settings, deadline: deadline, client: mail, links: links)
        case .webhook(let settings):
            return WebhookChannel(name: name, settings: settings, post: post(settings.tls), links: links)
        case .slack(let settings):
            return SlackChannel(name: name, settings: settings, post: post(settings.tls), links: links)
        case .pagerDuty(let settings):
            return PagerDutyChannel(name: name, settings: settings, post: post(settings.tls), links: links)
        case .alertmanager(let settings):
            return AlertmanagerChannel(name: name, settings: settings, post: post(settings.tls), links: links)
        }
    }
}

extension AttemptOutcome {
    /// What a client's failure means for the next attempt.
    ///
    /// - Parameter hiding: texts that must not reach the ledger.
    init(_ error: HTTPClientError, hiding secrets: [String]) {
        self.init(result: Self.result(of: error), code: error.answer, error: Self.hide(secrets, in: error.message))
    }

    /// `text` without any of `secrets`.
    static func hide(_ secrets: [String], in text: String) -> String {
        var text = text
        for secret in secrets where !secret.isEmpty {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "(hidden)")
        }
        return text
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
