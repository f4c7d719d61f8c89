internal import COpenSSL

/// A small certificate authority of this installation's own: EC P-256, path length 0, constrained to given names.
public final class CertificateAuthority: Sendable {
    /// A certificate and its key.
    public struct Issued: Sendable {
        /// The certificate.
        public let certificate: Certificate
        /// Its private key in PKCS #8 PEM: secret.
        public let keyPEM: String
    }

    /// The authority's own certificate: what agents pin.
    public let certificate: Certificate
    private let key: KeyHandle

    private init(_ certificate: Certificate, _ key: consuming KeyHandle) {
        self.certificate = certificate
        self.key = key
    }

    /// A new authority.
    ///
    /// - Parameters:
    ///   - name: its common name.
    ///   - permitted: the only names its certificates may hold (name constraints, critical): host names include their
    ///     subdomains, addresses stand for themselves. Without addresses none is permitted, without host names none.
    ///     An empty list makes an authority without constraints.
    ///   - now: in seconds since the epoch; validity starts five minutes earlier, for clocks that lag.
    ///   - days: how long it is valid.
    public static func make(
        name: String, permitting permitted: [SubjectName], now: Int64, days: Int64 = 3650
    ) throws(CryptographyError) -> CertificateAuthority {
        let key = try newKey()
        var extensions = [
            (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
            (NID_key_usage, "critical,keyCertSign,cRLSign"),
            (NID_subject_key_identifier, "hash"),
        ]
        if !permitted.isEmpty { extensions.append((NID_name_constraints, constraints(permitted))) }
        let template = CertificateTemplate(subject: name, now: now, days: days, extensions: extensions)
        let certificate = try template.sign(key, issuer: nil, issuerKey: key)
        return CertificateAuthority(certificate, key)
    }

    /// The authority that was stored as PEM. Throws `.malformed` if the key is not the certificate's.
    public convenience init(certificatePEM: String, keyPEM: String) throws(CryptographyError) {
        let certificate = try Certificate(pem: certificatePEM)
        guard try certificate.matches(keyPEM: keyPEM) else {
            throw CryptographyError(.malformed, "the authority's key does not belong to its certificate")
        }
        self.init(certificate, try KeyHandle(pem: keyPEM))
    }

    /// The authority's private key in PKCS #8 PEM: secret.
    public func keyPEM() throws(CryptographyError) -> String {
        try key.pem()
    }

    /// A new key and a TLS server certificate for `names`, the first of which is also its common name.
    public func issueServerCertificate(
        for names: [SubjectName], now: Int64, days: Int64 = 397
    ) throws(CryptographyError) -> Issued {
        guard let first = names.first else { throw CryptographyError(.malformed, "a certificate needs a name") }
        let serverKey = try Self.newKey()
        let template = CertificateTemplate(
            subject: first.description, now: now, days: days,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"),
                (NID_subject_key_identifier, "hash"),
                (NID_subject_alt_name, names.map(Self.option).joined(separator: ",")),
            ])
        let certificate = try template.sign(serverKey, issuer: self.certificate, issuerKey: key)
        return Issued(certificate: certificate, keyPEM: try serverKey.pem())
    }

    private static func newKey() throws(CryptographyError) -> KeyHandle {
        KeyHandle(owning: try check(cossl_ec_gen("P-256"), "cannot make a P-256 key"))
    }

    /// `DNS:name` or `IP:address`, as OpenSSL's configuration has it. Names were checked for commas and the like.
    private static func option(_ name: SubjectName) -> String {
        switch name {
        case .dns(let name): "DNS:\(name)"
        case .ip: "IP:\(name)"
        }
    }

    private static func constraints(_ permitted: [SubjectName]) -> String {
        var options: [String] = []
        var (hasName, hasAddress) = (false, false)
        for name in permitted {
            switch name {
            case .dns(let host):
                hasName = true
                options.append("permitted;DNS:\(host.hasPrefix("*.") ? String(host.dropFirst(2)) : host)")
            case .ip(let bytes):
                hasAddress = true
                let mask = SubjectName.ip([UInt8](repeating: 0xff, count: bytes.count))
                options.append("permitted;IP:\(name)/\(mask)")
            }
        }
        // A kind of name that is not mentioned would be free: `invalid` (RFC 2606) stands for no host at all.
        if !hasName { options.append("permitted;DNS:invalid") }
        if !hasAddress { options += ["excluded;IP:0.0.0.0/0.0.0.0", "excluded;IP:::/::"] }
        return "critical," + options.joined(separator: ",")
    }
}
