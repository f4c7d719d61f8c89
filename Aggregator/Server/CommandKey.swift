import Commands
import Cryptography
import DurableFiles
import FleetHealth
import Glibc

/// The key that signs orders to agents. It follows from the authority's key, which all aggregators of an installation have,
/// so that each signs what agents of any of them believe; an installation without an authority of its own keeps a file.
enum CommandKey {
    private static let purpose = Array("etcd-monitor command-signing key 1".utf8)

    /// The key of the installation whose keys are in `directory`.
    static func load(directory: String) throws -> Ed25519PrivateKey {
        let authority = "\(directory)/ca-key.pem"
        if access(authority, F_OK) == 0 {
            return try Ed25519PrivateKey(raw: HMAC.sha256(purpose, key: try AtomicFile.read(authority)))
        }
        let own = "\(directory)/command-key.pem"
        if access(own, F_OK) == 0 {
            return try Ed25519PrivateKey(pem: String(decoding: try AtomicFile.read(own), as: UTF8.self))
        }
        let key = try Ed25519PrivateKey.generate()
        try Directory.create(directory)
        try AtomicFile.write(Array(try key.pem().utf8), to: own)
        return key
    }
}

extension ClusterDetail {
    /// What commands go by; nil while no voter is known.
    var standing: ClusterStanding? {
        guard summary.quorum.size > 0 else { return nil }
        return ClusterStanding(
            margin: summary.quorum.margin, leaderNode: members.first { $0.role == .leader }?.node)
    }
}
