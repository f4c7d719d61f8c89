/// A mail as SMTP carries it: an envelope and the bytes of a message.
public struct MailMessage: Sendable {
    /// The return path: `alerts@example.com`, without angle brackets; "" for none.
    public var sender: String
    /// Where it goes, without angle brackets; at least one.
    public var recipients: [String]
    /// Headers and body (RFC 5322), lines ending in CR LF. Dots are stuffed by the client.
    public var content: [UInt8]

    /// A mail.
    public init(sender: String, recipients: [String], content: [UInt8]) {
        self.sender = sender
        self.recipients = recipients
        self.content = content
    }
}

/// A mail server and how to enter.
public struct SMTPServer: Sendable {
    /// When TLS begins.
    public enum Security: String, Sendable, CaseIterable {
        /// Never: a relay on this host.
        case none
        /// By STARTTLS, required (port 587 or 25).
        case startTLS
        /// From the first byte (port 465).
        case implicit
    }

    /// Name or address.
    public var host: String
    /// 25, 465, 587, …
    public var port: Int
    /// When TLS begins.
    public var security: Security
    /// Whom the client trusts.
    public var tls: TLSOptions
    /// For SMTP authentication; nil for none.
    public var user: String?
    /// For SMTP authentication; nil for none.
    public var password: String?
    /// The name given in EHLO; nil for the host's.
    public var clientName: String?

    /// A mail server.
    public init(
        host: String, port: Int, security: Security, tls: TLSOptions = TLSOptions(), user: String? = nil,
        password: String? = nil, clientName: String? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.tls = tls
        self.user = user
        self.password = password
        self.clientName = clientName
    }
}
