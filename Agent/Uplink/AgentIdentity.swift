public import Cryptography
internal import DurableFiles
internal import Glibc
internal import JSON
public import Model

/// Who this agent is: given at enrolment, kept in the state directory.
///
/// Three files: `identity.json` (id, cluster, node), `agent.key` (Ed25519, PKCS #8 PEM, 0600) and `ca.pem` (the
/// aggregator's certificate authority, the only one that is trusted).
public struct AgentIdentity: Sendable {
    /// The id that the aggregator gave.
    public var agent: AgentID
    /// The cluster it was enrolled for.
    public var cluster: String
    /// The name of this host, fixed at enrolment.
    public var node: String
    /// Signs everything that is sent. Only the public half ever left the host.
    public var key: Ed25519PrivateKey
    /// The certificate authority of the aggregator, PEM.
    public var authorityPEM: String
    /// What orders are verified with, given at enrolment; nil from an aggregator that gives none.
    public var commandKey: Ed25519PublicKey?

    static let identityFile = "identity.json"
    static let keyFile = "agent.key"
    static let authorityFile = "ca.pem"

    /// An identity as enrolment makes it.
    public init(
        agent: AgentID, cluster: String, node: String, key: Ed25519PrivateKey, authorityPEM: String,
        commandKey: Ed25519PublicKey? = nil
    ) {
        self.commandKey = commandKey
        self.agent = agent
        self.cluster = cluster
        self.node = node
        self.key = key
        self.authorityPEM = authorityPEM
    }

    /// Whether one lies in `directory`.
    public static func exists(in directory: String) -> Bool {
        // What cannot be read will be told by `load`.
        (try? AtomicFile.read("\(directory)/\(identityFile)")) != nil
    }

    /// Reads the identity that lies in `directory`.
    public static func load(from directory: String) throws(UplinkError) -> AgentIdentity {
        let path = "\(directory)/\(identityFile)"
        let text = try read(path)
        let answer: JSONValue
        do throws(JSONError) {
            answer = try JSONValue(parsing: text)
        } catch {
            throw UplinkError(.identity, "\(path): \(error)", cause: error)
        }
        guard let id = answer["agentID"]?.string.flatMap(AgentID.init), let cluster = answer["cluster"]?.string,
            let node = answer["node"]?.string
        else { throw UplinkError(.identity, "\(path): agentID, cluster or node is missing; enrol this host again") }
        let commandKey = answer["commandKey"]?.string.flatMap(Base64.decode)
        let keyPath = "\(directory)/\(keyFile)"
        let keyPEM = String(decoding: try read(keyPath), as: UTF8.self)
        let authority = String(decoding: try read("\(directory)/\(authorityFile)"), as: UTF8.self)
        do throws(CryptographyError) {
            return AgentIdentity(
                agent: id, cluster: cluster, node: node, key: try Ed25519PrivateKey(pem: keyPEM),
                authorityPEM: authority,
                commandKey: try commandKey.map { key throws(CryptographyError) in try Ed25519PublicKey(raw: key) })
        } catch {
            throw UplinkError(.identity, "\(keyPath): \(error)", cause: error)
        }
    }

    /// Writes the identity to `directory`; `identity.json` comes last, so that a half-written one is none.
    public func save(to directory: String) throws(UplinkError) {
        var json = JSONWriter()
        json.object {
            $0.member("agentID", agent.description)
            $0.member("cluster", cluster)
            $0.member("node", node)
            if let commandKey { $0.member("commandKey", Base64.encode(commandKey.raw)) }
        }
        do {
            try Directory.create(directory)
            try AtomicFile.write(Array(try key.pem().utf8), to: "\(directory)/\(Self.keyFile)", mode: 0o600)
            try AtomicFile.write(Array(authorityPEM.utf8), to: "\(directory)/\(Self.authorityFile)", mode: 0o644)
            try AtomicFile.write(json.bytes + [0x0a], to: "\(directory)/\(Self.identityFile)", mode: 0o600)
            try Self.giveToOwner(of: directory)
        } catch {
            throw UplinkError(.identity, "\(directory): the identity cannot be kept: \(error)", cause: error)
        }
    }

    /// Whoever enrols as root means the agent's user, to whom the directory belongs.
    private static func giveToOwner(of directory: String) throws(FileError) {
        var status = stat()
        guard geteuid() == 0, stat(directory, &status) == 0, status.st_uid != 0 else { return }
        for name in [keyFile, authorityFile, identityFile] {
            let path = "\(directory)/\(name)"
            guard chown(path, status.st_uid, status.st_gid) == 0 else {
                throw FileError("chown", path: path, errno: errno)
            }
        }
    }

    private static func read(_ path: String) throws(UplinkError) -> [UInt8] {
        do throws(FileError) {
            return try AtomicFile.read(path)
        } catch {
            let remedy = error.code == .notFound ? "; enrol this host first: etcd-monitor-agent enrol" : ""
            throw UplinkError(.identity, "\(path): \(error)\(remedy)", cause: error)
        }
    }
}
