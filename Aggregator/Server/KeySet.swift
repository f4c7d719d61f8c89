import Cryptography
import DurableFiles
import Glibc
import JSON

/// What all aggregators of an installation share and keep out of the database: the certificate authority that agents pin, and
/// the key that seals secrets.
struct KeySet: Sendable, Equatable {
    /// PEM of the authority.
    var authority: String
    /// PEM of its key.
    var authorityKey: String
    /// What it may certify, one name on a line.
    var names: String
    /// As ``SealingKeyFile`` has it; nil if none was made yet.
    var sealingKey: String?

    /// The set below `directory`, as ``ServerIdentity`` made it.
    init(directory: String) throws {
        guard access("\(directory)/ca.pem", F_OK) == 0 else {
            throw JoinError(
                description:
                    "there is no authority below \(directory): it is made when the aggregator starts for the first time"
            )
        }
        authority = String(decoding: try AtomicFile.read("\(directory)/ca.pem"), as: UTF8.self)
        authorityKey = String(decoding: try AtomicFile.read("\(directory)/ca-key.pem"), as: UTF8.self)
        names = String(decoding: try AtomicFile.read("\(directory)/ca-names"), as: UTF8.self)
        sealingKey = try SealingKeyFile.existing(directory: directory)
    }

    /// Reads ``encoded``.
    init(encoded: [UInt8]) throws {
        let json = try JSONValue(parsing: encoded)
        guard let authority = json["authority"]?.string, let key = json["authorityKey"]?.string,
            let names = json["names"]?.string
        else { throw JoinError(description: "the key set was sealed by a version that this one does not know") }
        (self.authority, authorityKey, self.names) = (authority, key, names)
        sealingKey = json["sealingKey"]?.string
        _ = try CertificateAuthority(certificatePEM: authority, keyPEM: key)
    }

    /// As it is sealed: a JSON object.
    var encoded: [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("authority", authority)
            $0.member("authorityKey", authorityKey)
            $0.member("names", names)
            $0.member("sealingKey", sealingKey)
        }
        return json.bytes
    }

    /// `sha256:…` of the authority.
    var fingerprint: String {
        get throws { "sha256:" + Hex.encode(try Certificate(pem: authority).fingerprint) }
    }

    /// What the authority may certify.
    var permitted: Set<SubjectName> {
        Set(names.split(separator: "\n").compactMap { SubjectName(String($0)) })
    }

    /// Throws if `directory` has an authority already: replacing it would lock out every agent that pins it.
    static func checkIsAbsent(in directory: String) throws {
        guard access("\(directory)/ca.pem", F_OK) != 0 else {
            throw JoinError(
                description: """
                    there is an authority below \(directory) already: this aggregator was started before. If no agent is \
                    enrolled with it, remove that directory and join again
                    """)
        }
    }

    /// Writes the files that ``ServerIdentity`` reads.
    func write(to directory: String) throws {
        try Directory.create(directory)
        try AtomicFile.write(Array(authorityKey.utf8), to: "\(directory)/ca-key.pem")
        try AtomicFile.write(Array(names.utf8), to: "\(directory)/ca-names", mode: 0o644)
        if let sealingKey {
            try AtomicFile.write(Array("\(sealingKey)\n".utf8), to: "\(directory)/\(SealingKeyFile.name)")
        }
        // Last: where it is, the others are.
        try AtomicFile.write(Array(authority.utf8), to: "\(directory)/ca.pem", mode: 0o644)
    }
}
