public import ConfigurationFile
internal import DurableFiles
internal import HTTPClient

/// Whom the agent itself tells, and when.
public struct EmergencySettings: Sendable {
    /// A text that stands in the configuration or, if it is a secret, in a file, which is read anew for each attempt.
    enum Text: Sendable {
        case plain(String)
        /// The first line of this file.
        case file(String)

        func read() throws(FileError) -> String {
            switch self {
            case .plain(let text): return text
            case .file(let path):
                let line = try AtomicFile.read(path).prefix { $0 != 0x0a && $0 != 0x0d }
                return String(decoding: line, as: UTF8.self)
            }
        }
    }

    struct Webhook: Sendable {
        var url: Text
        var tls = TLSOptions()
    }

    struct Mail: Sendable {
        var recipients: [String]
        var sender: String
        var server: SMTPServer
        /// Goes with `server.user`.
        var password: Text?
    }

    var webhook: Webhook?
    var mail: Mail?
    var after: Duration = .seconds(60)
    var repeatEvery: Duration = .seconds(3600)

    init(webhook: Webhook? = nil, mail: Mail? = nil) {
        self.webhook = webhook
        self.mail = mail
    }

    /// Reads the section `emergency`:
    ///
    ///     after: 60s
    ///     repeat: 1h
    ///     webhook: {url_file: /etc/etcd-monitor/emergency-url}
    ///     email: {to: [oncall@example.com], from: agent@example.com, server: "smtp.example.com:587", user: agent,
    ///             password_file: /etc/etcd-monitor/smtp-password}
    public init(reading reader: MappingReader) {
        var reader = reader
        after = reader.duration("after", default: .seconds(60), in: .seconds(5) ... .seconds(86_400))
        repeatEvery = reader.duration("repeat", default: .seconds(3600), in: .seconds(60) ... .seconds(7 * 86_400))
        webhook = reader.mapping("webhook").map(Webhook.init(reading:))
        mail = reader.mapping("email").map(Mail.init(reading:))
        if webhook == nil, mail == nil {
            reader.problems.report(
                reader.node.error("an emergency that nobody hears of", remedy: "add `webhook:` or `email:`"))
        }
        reader.finish()
    }
}

extension EmergencySettings.Webhook {
    fileprivate init(reading reader: MappingReader) {
        var reader = reader
        let plain = reader.string("url", default: nil)
        let file = reader.string("url_file", default: nil)
        if (plain == nil) == (file == nil) {
            reader.problems.report(reader.node.error("a webhook has one URL", remedy: "write url or url_file"))
        }
        if let plain, !plain.hasPrefix("https://"), !plain.hasPrefix("http://") {
            reader.problems.report(
                reader.node.error("url is neither http:// nor https://", remedy: "write the whole URL"))
        }
        url = file.map(EmergencySettings.Text.file) ?? .plain(plain ?? "")
        tls = reader.string("ca_file", default: nil).map { TLSOptions(trust: .file($0)) } ?? TLSOptions()
        reader.finish()
    }
}

extension EmergencySettings.Mail {
    fileprivate init(reading reader: MappingReader) {
        var reader = reader
        recipients = reader.strings("to", default: [])
        sender = reader.string("from")
        let security = reader.choice("tls", default: SMTPServer.Security.startTLS)
        let port = security == .implicit ? 465 : security == .startTLS ? 587 : 25
        let address = reader.address("server", default: nil, defaultPort: port)
        if address == nil, reader.node("server") == nil { reader.reportMissing("server") }
        server = SMTPServer(host: address?.host ?? "", port: address?.port ?? port, security: security)
        server.user = reader.string("user", default: nil)
        if let file = reader.string("ca_file", default: nil) { server.tls = TLSOptions(trust: .file(file)) }
        password = reader.string("password_file", default: nil).map(EmergencySettings.Text.file)
        if recipients.isEmpty { reader.reportMissing("to", remedy: "add `to: [someone@example.com]`") }
        for address in recipients + [sender] where !Self.isAddress(address) {
            reader.problems.report(
                reader.node.error("\"\(address)\" is not a mail address", remedy: "write name@example.com"))
        }
        if (server.user == nil) != (password == nil) {
            reader.problems.report(
                reader.node.error("user and password belong together", remedy: "add user and password_file"))
        }
        if server.user != nil, security == .none {
            reader.problems.report(
                reader.node.error(
                    "a password would go over the wire in clear", remedy: "write `tls: startTLS` or `tls: implicit`"))
        }
        reader.finish()
    }

    /// Enough to keep commands and headers out of SMTP.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>()[],;:\\\"".utf8.contains($0) }
    }
}
