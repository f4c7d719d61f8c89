public import ConfigurationFile
public import HTTPClient
internal import Model

/// Who is told what, how fast and how often.
public struct NotificationConfiguration: Sendable {
    /// Ways to tell; names are unique.
    public var channels: [ChannelConfiguration]
    /// In order; the first that matches counts, and those after a match with `continue`. The last one matches all.
    public var routes: [Route]
    /// How long a failed delivery is tried again.
    public var retryFor: Duration

    /// `routes` need not end with one that matches all: what matches none is told to nobody.
    public init(channels: [ChannelConfiguration], routes: [Route], retryFor: Duration = .seconds(6 * 3600)) {
        self.channels = channels
        self.routes = routes
        self.retryFor = retryFor
    }

    /// Nobody is told anything.
    public static let none = NotificationConfiguration(channels: [], routes: [])

    /// Reads the `notifications` section:
    ///
    ///     retry_for: 6h
    ///     channels:
    ///       - name: oncall
    ///         email: {to: [oncall@example.com], from: etcd-monitor@example.com, server: "smtp.example.com:587",
    ///                 tls: startTLS, user: monitor, password_file: /etc/etcd-monitor/smtp-password}
    ///       - name: chat
    ///         webhook: {url_file: /etc/etcd-monitor/webhook-url}
    ///     routes:
    ///       - match: {severity: critical}
    ///         channels: [oncall, chat]
    ///     default: {channels: [chat]}
    ///
    /// Complaints go to the reader's `problems`; each mapping is finished here.
    public init(reading reader: MappingReader) {
        var reader = reader
        retryFor = reader.duration("retry_for", default: .seconds(6 * 3600), in: .seconds(60) ... .seconds(7 * 86_400))
        let timing = RouteTiming(reading: &reader, default: RouteTiming())
        channels = reader.mappings("channels").map(ChannelConfiguration.init(reading:))
        routes = reader.mappings("routes").enumerated().map { number, route in
            Route(reading: route, name: "route \(number + 1)", timing: timing)
        }
        if let fallback = reader.mapping("default") {
            routes.append(Route(reading: fallback, name: "default", timing: timing, matchesAll: true))
        } else if !channels.isEmpty, routes.isEmpty {
            routes = [Route(name: "default", channels: channels.map(\.name), timing: timing)]
        }
        reader.finish()
        check(reader)
    }

    private func check(_ reader: MappingReader) {
        var seen: Set<String> = []
        for channel in channels where !seen.insert(channel.name).inserted {
            reader.problems.report(
                reader.node.error("two channels are named \"\(channel.name)\"", remedy: "give each its own name"))
        }
        for route in routes {
            for name in route.channels where !seen.contains(name) {
                let near = nearestName(to: name, among: Array(seen))
                reader.problems.report(
                    reader.node.error(
                        "\(route.name) goes to \"\(name)\", which is no channel",
                        remedy: near.map { "did you mean \"\($0)\"?" } ?? "add it to channels"))
            }
        }
    }
}

/// One way to tell.
public struct ChannelConfiguration: Sendable {
    /// What kind, and its settings.
    public enum Kind: Sendable {
        case email(EmailSettings)
        case webhook(WebhookSettings)
    }

    /// Unique; shown in the ledger.
    public var name: String
    /// What kind, and its settings.
    public var kind: Kind
    /// Whether it is told when an alert ends.
    public var sendsResolved: Bool
    /// What one attempt may take.
    public var deadline: Duration

    /// The channel `name`.
    public init(name: String, kind: Kind, sendsResolved: Bool = true, deadline: Duration = .seconds(15)) {
        self.name = name
        self.kind = kind
        self.sendsResolved = sendsResolved
        self.deadline = deadline
    }

    init(reading reader: MappingReader) {
        var reader = reader
        name = reader.string("name")
        sendsResolved = reader.bool("send_resolved", default: true)
        deadline = reader.duration("deadline", default: .seconds(15), in: .seconds(1) ... .seconds(60))
        let email = reader.mapping("email").map(EmailSettings.init(reading:))
        let webhook = reader.mapping("webhook").map(WebhookSettings.init(reading:))
        reader.finish()
        if (email == nil) == (webhook == nil) {
            reader.problems.report(
                reader.node.error(
                    "the channel \"\(name)\" is not of one kind", remedy: "give it `email:` or `webhook:`"))
        }
        kind = email.map(Kind.email) ?? .webhook(webhook ?? WebhookSettings(url: .literal("")))
    }
}

/// A mail server and who gets the mail.
public struct EmailSettings: Sendable {
    /// Addresses, without names.
    public var recipients: [String]
    /// `etcd-monitor@example.com`, without a name.
    public var sender: String
    /// Host, port and security; its password is empty here.
    public var server: SMTPServer
    /// The password that goes with `server.user`.
    public var password: SecretSource?

    /// Mail to `recipients`.
    public init(recipients: [String], sender: String, server: SMTPServer, password: SecretSource? = nil) {
        self.recipients = recipients
        self.sender = sender
        self.server = server
        self.password = password
    }

    init(reading reader: MappingReader) {
        var reader = reader
        recipients = reader.strings("to", default: [])
        sender = reader.string("from")
        let security = reader.choice("tls", default: SMTPServer.Security.startTLS)
        let port = security == .implicit ? 465 : security == .startTLS ? 587 : 25
        let address = reader.address("server", default: nil, defaultPort: port)
        if address == nil, reader.node("server") == nil { reader.reportMissing("server") }
        server = SMTPServer(host: address?.host ?? "", port: address?.port ?? port, security: security)
        server.user = reader.string("user", default: nil)
        server.clientName = reader.string("hello", default: nil)
        if let file = reader.string("ca_file", default: nil) { server.tls = TLSOptions(trust: .file(file)) }
        password = reader.secret("password")
        if recipients.isEmpty { reader.reportMissing("to", remedy: "add `to: [someone@example.com]`") }
        for address in recipients + [sender] where !Self.isAddress(address) {
            reader.problems.report(
                reader.node.error(
                    "\"\(address)\" is not a mail address", remedy: "write name@example.com, without a name before it"))
        }
        if (server.user == nil) != (password == nil) {
            reader.problems.report(
                reader.node.error(
                    "user and password belong together", remedy: "add user, and password_file or password_env"))
        }
        if server.user != nil, security == .none {
            reader.problems.report(
                reader.node.error(
                    "a password would go over the wire in clear", remedy: "write `tls: startTLS` or `tls: implicit`"))
        }
        reader.finish()
    }

    /// Enough to keep commands and headers out of SMTP: one `@`, printable ASCII, none of the specials.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>()[],;:\\\"".utf8.contains($0) }
    }
}

/// Where a webhook goes. The whole URL is a secret: many carry a token in their path.
public struct WebhookSettings: Sendable {
    /// `http` or `https`.
    public var url: SecretSource
    /// Sent as `Authorization: Bearer …`.
    public var bearerToken: SecretSource?
    /// For `https`.
    public var tls: TLSOptions

    /// The webhook at `url`.
    public init(url: SecretSource, bearerToken: SecretSource? = nil, tls: TLSOptions = TLSOptions()) {
        self.url = url
        self.bearerToken = bearerToken
        self.tls = tls
    }

    init(reading reader: MappingReader) {
        var reader = reader
        let plain = reader.string("url", default: nil)
        let secret = reader.secret("url")
        if (plain == nil) == (secret == nil) {
            reader.problems.report(
                reader.node.error("a webhook has one URL", remedy: "write url, url_file or url_env"))
        }
        if let plain, !plain.hasPrefix("https://"), !plain.hasPrefix("http://") {
            reader.problems.report(
                reader.node.error("url is neither http:// nor https://", remedy: "write the whole URL"))
        }
        url = secret ?? .literal(plain ?? "")
        bearerToken = reader.secret("bearer_token")
        tls = reader.string("ca_file", default: nil).map { TLSOptions(trust: .file($0)) } ?? TLSOptions()
        reader.finish()
    }
}
