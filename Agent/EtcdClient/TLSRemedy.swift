/// What an operator does about a TLS session that did not come about, from the words of libcurl and OpenSSL.
enum TLSRemedy {
    /// The advice for the first of `known` whose words are in `message`; nil if none are.
    static func words(for message: String) -> String? {
        known.first { $0.signs.contains { message.contains($0) } }?.remedy
    }

    private static let known: [(signs: [String], remedy: String)] = [
        (
            ["certificate has expired", "certificate is not yet valid"],
            "renew the member's certificate, or set this host's clock"
        ),
        (
            ["local issuer", "self-signed certificate", "self signed certificate", "certificate signature failure"],
            "tls.ca must hold the authority that signed the member's certificate"
        ),
        (
            ["no alternative certificate subject name", "does not match target host"],
            "client_url must use a name or address that is in the member's certificate"
        ),
        (
            ["alert"],
            "the member refuses the agent's certificate: tls.cert and tls.key must be valid today and signed by the "
                + "authority in the member's --trusted-ca-file"
        ),
        (
            ["client certificate", "private key", "CAfile", "certificate verify locations", "certificate file"],
            "tls.ca, tls.cert and tls.key must be PEM files that the agent's user can read, certificate and key a pair"
        ),
    ]
}
