/// How a client proves whom it talks to, and itself.
public struct TLSOptions: Sendable {
    /// Certificate authorities to trust.
    public enum Trust: Sendable {
        /// The system's.
        case system
        /// Those in this PEM file only; read at each new connection, so a replaced file counts.
        case file(String)
        /// Those in this PEM text only.
        case pem(String)
    }

    /// What of the server is verified.
    public enum Verification: Sendable {
        /// Its certificate chain and its name.
        case full
        /// Nothing: only to fetch what is then compared with a known fingerprint.
        case none
    }

    /// The oldest version that is spoken.
    public enum MinimumVersion: Sendable {
        case tls12
        case tls13
    }

    /// Certificate authorities to trust.
    public var trust: Trust
    /// What of the server is verified.
    public var verification: Verification
    /// The oldest version that is spoken.
    public var minimumVersion: MinimumVersion
    /// PEM file with the client's certificate, if the server asks for one.
    public var clientCertificateFile: String?
    /// PEM file with the key of `clientCertificateFile`.
    public var clientKeyFile: String?

    /// Full verification against the system's authorities, TLS 1.2 or later, unless told otherwise.
    public init(
        trust: Trust = .system, verification: Verification = .full, minimumVersion: MinimumVersion = .tls12,
        clientCertificateFile: String? = nil, clientKeyFile: String? = nil
    ) {
        self.trust = trust
        self.verification = verification
        self.minimumVersion = minimumVersion
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
    }
}
