internal import ConfigurationFile
public import HTTPClient

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
        url = reader.urlOrSecret("url") ?? .literal("")
        bearerToken = reader.secret("bearer_token")
        tls = reader.tls()
        reader.finish()
    }
}

/// How Slack is reached.
public struct SlackSettings: Sendable {
    /// By what.
    public enum Way: Sendable {
        /// An incoming webhook; its URL is its secret.
        case webhook(SecretSource)
        /// A bot token with `chat:write`, and the channel's name or id.
        case bot(token: SecretSource, channel: String)
    }

    /// By what.
    public var way: Way
    /// Without a slash at the end; another one for tests and proxies.
    public var apiURL: String
    /// For `https`.
    public var tls: TLSOptions

    /// Slack by `way`.
    public init(way: Way, apiURL: String = "https://slack.com/api", tls: TLSOptions = TLSOptions()) {
        self.way = way
        self.apiURL = apiURL
        self.tls = tls
    }

    /// Whether messages can be changed later.
    var isBot: Bool { if case .bot = way { true } else { false } }

    init(reading reader: MappingReader) {
        var reader = reader
        let token = reader.secret("bot_token")
        let channel = reader.string("channel", default: nil)
        let url = token == nil ? reader.urlOrSecret("url") : nil
        if (token == nil) != (channel == nil) {
            reader.problems.report(
                reader.node.error(
                    "bot token and channel belong together",
                    remedy: "add bot_token_file or bot_token_env, and `channel: '#name'`; or url_file alone"))
        }
        way = token.map { .bot(token: $0, channel: channel ?? "") } ?? .webhook(url ?? .literal(""))
        apiURL = reader.url("api_url", default: "https://slack.com/api")
        tls = reader.tls()
        reader.finish()
    }
}

/// A service of PagerDuty.
public struct PagerDutySettings: Sendable {
    /// The integration key of "Events API v2".
    public var routingKey: SecretSource
    /// `https://events.eu.pagerduty.com/v2/enqueue` for accounts in the EU.
    public var url: String
    /// For `https`.
    public var tls: TLSOptions

    /// The service that `routingKey` belongs to.
    public init(
        routingKey: SecretSource, url: String = "https://events.pagerduty.com/v2/enqueue",
        tls: TLSOptions = TLSOptions()
    ) {
        self.routingKey = routingKey
        self.url = url
        self.tls = tls
    }

    init(reading reader: MappingReader) {
        var reader = reader
        let key = reader.secret("routing_key")
        if key == nil { reader.reportMissing("routing_key_file", remedy: "add routing_key_file or routing_key_env") }
        routingKey = key ?? .literal("")
        url = reader.url("url", default: "https://events.pagerduty.com/v2/enqueue")
        tls = reader.tls()
        reader.finish()
    }
}

/// The Alertmanagers of a cluster.
public struct AlertmanagerSettings: Sendable {
    /// `http://alertmanager:9093`, with its path prefix if it has one.
    public var urls: [String]
    /// Sent as `Authorization: Bearer …`.
    public var bearerToken: SecretSource?
    /// How long it believes that an alert fires without hearing of it again.
    public var holdFor: Duration
    /// For `https`.
    public var tls: TLSOptions

    /// The Alertmanagers at `urls`.
    public init(
        urls: [String], bearerToken: SecretSource? = nil, holdFor: Duration = .seconds(24 * 3600),
        tls: TLSOptions = TLSOptions()
    ) {
        self.urls = urls
        self.bearerToken = bearerToken
        self.holdFor = holdFor
        self.tls = tls
    }

    init(reading reader: MappingReader) {
        var reader = reader
        urls = reader.strings("urls", default: [])
        if !(1...8).contains(urls.count) { reader.reportMissing("urls", remedy: "name one to eight Alertmanagers") }
        for url in urls where !MappingReader.isURL(url) { reader.reportBadURL("urls") }
        bearerToken = reader.secret("bearer_token")
        holdFor = reader.duration(
            "hold_for", default: .seconds(24 * 3600), in: .seconds(300) ... .seconds(30 * 86_400))
        tls = reader.tls()
        reader.finish()
    }
}

extension MappingReader {
    /// Exactly one of `<key>`, `<key>_file` and `<key>_env`.
    mutating func urlOrSecret(_ key: String) -> SecretSource? {
        let plain = string(key, default: nil)
        let secret = secret(key)
        if (plain == nil) == (secret == nil) {
            problems.report(node.error("a webhook has one URL", remedy: "write \(key), \(key)_file or \(key)_env"))
        }
        if let plain, !Self.isURL(plain) { reportBadURL(key) }
        return secret ?? plain.map(SecretSource.literal)
    }

    /// A URL that is no secret.
    mutating func url(_ key: String, default fallback: String) -> String {
        let url = string(key, default: fallback)
        if !Self.isURL(url) { reportBadURL(key) }
        return url
    }

    /// `ca_file`: whom to trust.
    mutating func tls() -> TLSOptions {
        string("ca_file", default: nil).map { TLSOptions(trust: .file($0)) } ?? TLSOptions()
    }

    static func isURL(_ text: String) -> Bool {
        (text.hasPrefix("https://") || text.hasPrefix("http://")) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }

    func reportBadURL(_ key: String) {
        problems.report(node.error("\(key) is neither http:// nor https://", remedy: "write the whole URL"))
    }
}
