import Cryptography
import Glibc
import TestSupport
import Testing

/// OpenSSL's own verdict on certificates, by its command.
func openSSLVerifies(_ leaf: Certificate, authority: Certificate, options: [String]) async throws -> (Bool, String) {
    let directory = try TemporaryDirectory()
    try directory.write(authority.pem, to: "ca.pem")
    try directory.write(leaf.pem, to: "leaf.pem")
    let arguments = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", directory.file("ca.pem")]
    let process = try await ChildProcess.start(
        "/usr/bin/openssl", arguments + options + [directory.file("leaf.pem")], output: directory.file("output"))
    let exit = await process.waitForExit()
    return (exit == .status(0), process.output)
}

func now() -> Int64 { Int64(time(nil)) }

@Suite(.timeLimit(.minutes(1))) struct CertificateAuthorityTests {
    let names = ["monitor.example.com", "localhost", "10.1.2.3", "2001:db8::1"].compactMap { SubjectName($0) }

    @Test func issuesServerCertificatesThatOpenSSLAccepts() async throws {
        let authority = try CertificateAuthority.make(name: "etcd-monitor test", permitting: names, now: now())
        let issued = try authority.issueServerCertificate(for: names, now: now())
        #expect(issued.certificate.names == names)
        #expect(issued.certificate.isSigned(by: authority.certificate))
        #expect(try issued.certificate.matches(keyPEM: issued.keyPEM))
        for options in [
            ["-verify_hostname", "monitor.example.com"], ["-verify_ip", "10.1.2.3"], ["-verify_ip", "2001:db8::1"],
        ] {
            let (isValid, output) = try await openSSLVerifies(
                issued.certificate, authority: authority.certificate, options: options)
            #expect(isValid, "\(output)")
        }
        let (isValid, _) = try await openSSLVerifies(
            issued.certificate, authority: authority.certificate, options: ["-verify_hostname", "other.example.com"])
        #expect(!isValid)
    }

    @Test(arguments: ["evil.test", "10.1.2.4", "2001:db8::2", "example.com"])
    func isConstrainedToItsNames(name: String) async throws {
        let authority = try CertificateAuthority.make(name: "etcd-monitor test", permitting: names, now: now())
        let issued = try authority.issueServerCertificate(for: [try #require(SubjectName(name))], now: now())
        let (isValid, output) = try await openSSLVerifies(
            issued.certificate, authority: authority.certificate, options: [])
        #expect(!isValid)
        #expect(output.contains("permitted subtree violation"), "\(output)")
    }

    @Test(arguments: [["localhost"], ["10.1.2.3"]]) func excludesTheKindOfNameItWasNotGiven(permitted: [String])
        async throws
    {
        let authority = try CertificateAuthority.make(
            name: "etcd-monitor test", permitting: permitted.compactMap { SubjectName($0) }, now: now())
        let other = permitted == ["localhost"] ? "127.0.0.1" : "localhost"
        let issued = try authority.issueServerCertificate(for: [try #require(SubjectName(other))], now: now())
        let (isValid, output) = try await openSSLVerifies(
            issued.certificate, authority: authority.certificate, options: [])
        #expect(!isValid && output.contains("subtree violation"), "\(output)")
    }

    @Test func readsBackItsPEM() throws {
        let authority = try CertificateAuthority.make(
            name: "etcd-monitor", permitting: names, now: 1_700_000_000, days: 10)
        let again = try CertificateAuthority(certificatePEM: authority.certificate.pem, keyPEM: authority.keyPEM())
        #expect(again.certificate.fingerprint == authority.certificate.fingerprint)
        #expect(again.certificate.notBefore == 1_700_000_000 - 300)
        #expect(again.certificate.notAfter == 1_700_000_000 + 10 * 86_400)
        let issued = try again.issueServerCertificate(for: names, now: 1_700_000_000)
        #expect(issued.certificate.isSigned(by: authority.certificate))
    }

    @Test func doesNotTakeAnothersKey() throws {
        let (left, right) = (
            try CertificateAuthority.make(name: "a", permitting: [], now: 0),
            try CertificateAuthority.make(name: "a", permitting: [], now: 0)
        )
        #expect(throws: CryptographyError.self) {
            try CertificateAuthority(certificatePEM: left.certificate.pem, keyPEM: right.keyPEM())
        }
        #expect(left.certificate.fingerprint != right.certificate.fingerprint)
        #expect(!left.certificate.isSigned(by: right.certificate))
    }

    @Test func fingerprintsAsOpenSSLDoes() async throws {
        let authority = try CertificateAuthority.make(name: "etcd-monitor", permitting: [], now: now())
        let directory = try TemporaryDirectory()
        try directory.write(authority.certificate.pem, to: "ca.pem")
        let process = try await ChildProcess.start(
            "/usr/bin/openssl", ["x509", "-noout", "-fingerprint", "-sha256", "-in", directory.file("ca.pem")],
            output: directory.file("output"))
        await process.waitForExit()
        let digits = try #require(process.output.split(separator: "=").last).filter(\.isHexDigit).lowercased()
        #expect(authority.certificate.fingerprintText == "sha256:\(digits)")
        #expect(authority.certificate.fingerprint == SHA256.digest(authority.certificate.der))
    }

    @Test func refusesWhatIsNoCertificate() {
        for pem in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            #expect { try Certificate(pem: pem) } throws: { ($0 as? CryptographyError)?.code == .malformed }
        }
    }
}

struct SubjectNameTests {
    @Test(arguments: [
        ("localhost", "localhost"), ("A.Example.COM", "a.example.com"), ("*.example.com", "*.example.com"),
        ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("2001:DB8:0::1", "2001:db8::1"),
    ])
    func reads(text: String, name: String) {
        #expect(SubjectName(text)?.description == name)
    }

    @Test(arguments: [
        "", "a..b", "-a", "a,DNS:b", "a b", "a\nb", "é", "*", "a.*.b", "[::1]", String(repeating: "a", count: 64),
    ])
    func refuses(text: String) {
        #expect(SubjectName(text) == nil)
    }
}
