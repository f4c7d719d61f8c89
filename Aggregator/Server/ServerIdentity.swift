import Cryptography
import DurableFiles
import Glibc
import Logging
import Model

/// The authority that agents pin and the certificate that the server shows, made at first start below the state
/// directory. The certificate is made anew when it nears its end or lacks a name that the host has now.
struct ServerIdentity: Sendable {
    /// PEM of the authority.
    let authorityPEM: String
    /// `sha256:…` of its DER.
    let fingerprint: String
    let certificateFile: String
    let keyFile: String

    private static let renewBefore: Int64 = 30 * 86_400

    /// Loads or makes what `directory` has to hold, for `wanted` names.
    init(directory: String, wanted: [SubjectName], now: Timestamp, logger: Logger) throws {
        try Directory.create(directory)
        let seconds = now.milliseconds / 1000
        let authority = try Self.authority(directory, wanted, seconds, logger)
        authorityPEM = authority.certificate.pem
        fingerprint = "sha256:" + Hex.encode(authority.certificate.fingerprint)
        certificateFile = "\(directory)/server.pem"
        keyFile = "\(directory)/server-key.pem"
        let permitted = try Self.permitted(directory)
        let names = wanted.filter(permitted.contains)
        for name in wanted where !permitted.contains(name) {
            logger.warning(
                "the authority may not certify a name that this host has; agents must not use it",
                metadata: ["name": "\(name)", "file": "\(directory)/ca-names"])
        }
        guard Self.needsCertificate(certificateFile, keyFile, names, seconds) else { return }
        let issued = try authority.issueServerCertificate(for: names, now: seconds)
        try AtomicFile.write(Array(issued.keyPEM.utf8), to: keyFile)
        try AtomicFile.write(Array(issued.certificate.pem.utf8), to: certificateFile, mode: 0o644)
        logger.notice(
            "server certificate made",
            metadata: ["names": "\(names.map(\.description).joined(separator: " "))", "file": "\(certificateFile)"])
    }

    /// The fingerprint of the authority below `directory`; nil if there is none yet.
    static func existingAuthority(directory: String) throws -> (pem: String, fingerprint: String)? {
        let path = "\(directory)/ca.pem"
        guard access(path, F_OK) == 0 else { return nil }
        let bytes = try AtomicFile.read(path)
        let certificate = try Certificate(pem: String(decoding: bytes, as: UTF8.self))
        return (certificate.pem, "sha256:" + Hex.encode(certificate.fingerprint))
    }

    private static func authority(
        _ directory: String, _ wanted: [SubjectName], _ now: Int64, _ logger: Logger
    ) throws -> CertificateAuthority {
        if let existing = try existingAuthority(directory: directory) {
            let key = try AtomicFile.read("\(directory)/ca-key.pem")
            return try CertificateAuthority(
                certificatePEM: existing.pem, keyPEM: String(decoding: key, as: UTF8.self))
        }
        // Constrained to what this installation is called: a stolen key cannot speak for anyone else.
        let authority = try CertificateAuthority.make(name: "etcd-monitor", permitting: wanted, now: now)
        let names = wanted.map(\.description).joined(separator: "\n") + "\n"
        try AtomicFile.write(Array(try authority.keyPEM().utf8), to: "\(directory)/ca-key.pem")
        try AtomicFile.write(Array(names.utf8), to: "\(directory)/ca-names", mode: 0o644)
        // Last: where it is, the others are.
        try AtomicFile.write(Array(authority.certificate.pem.utf8), to: "\(directory)/ca.pem", mode: 0o644)
        logger.notice(
            "certificate authority made",
            metadata: ["fingerprint": "sha256:\(Hex.encode(authority.certificate.fingerprint))"])
        return authority
    }

    private static func permitted(_ directory: String) throws -> Set<SubjectName> {
        let text = String(decoding: try AtomicFile.read("\(directory)/ca-names"), as: UTF8.self)
        return Set(text.split(separator: "\n").compactMap { SubjectName(String($0)) })
    }

    private static func needsCertificate(
        _ certificateFile: String, _ keyFile: String, _ names: [SubjectName], _ now: Int64
    ) -> Bool {
        do {
            let certificate = try Certificate(
                pem: String(decoding: try AtomicFile.read(certificateFile), as: UTF8.self))
            let key = String(decoding: try AtomicFile.read(keyFile), as: UTF8.self)
            guard try certificate.matches(keyPEM: key) else { return true }
            return certificate.notAfter - now < renewBefore || !Set(names).isSubset(of: certificate.names)
        } catch {
            // Whatever is wrong with the files, a new certificate mends it.
            return true
        }
    }
}
