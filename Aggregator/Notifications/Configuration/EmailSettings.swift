internal import ConfigurationFile
public import HTTPClient

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
        server.tls = reader.tls()
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
