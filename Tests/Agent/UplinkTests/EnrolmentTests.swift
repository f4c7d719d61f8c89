import AgentProtocol
import Cryptography
import Glibc
import HTTPClient
import MessageSignatures
import Model
import TestSupport
import Testing

@testable import Uplink

@Suite(.timeLimit(.minutes(1))) struct EnrolmentTests {
    let authority: CertificateAuthority
    let answer = EnrolmentResponse(
        agentID: AgentID(bytes: Array(0..<16)) ?? { preconditionFailure("16 bytes") }(), cluster: "prod", node: "n1")

    init() throws {
        authority = try CertificateAuthority.make(
            name: "test", permitting: [.ip([127, 0, 0, 1])], now: 1_800_000_000)
    }

    /// TLS is HTTPClient's to test: these speak plainly.
    private func enrolment(_ server: StubHTTPServer, fingerprint: String? = nil) -> Enrolment {
        var enrolment = Enrolment(
            server: server.url + "/", fingerprint: fingerprint ?? authority.certificate.fingerprintText, node: "n1",
            agentVersion: "1.2.3", clock: WallClock { Timestamp(milliseconds: 1_800_000_000_000) })
        enrolment.makeClient = { _ in HTTPClient() }
        return enrolment
    }

    private func aggregator(_ answers: StubHTTPServer.Response...) throws -> StubHTTPServer {
        let script = Script(answers)
        let pem = authority.certificate.pem
        return try StubHTTPServer { request in
            request.target == AgentProtocol.certificateAuthorityPath ? .text(pem) : script.next()
        }
    }

    @Test func aTokenIsExchangedForAnIdentityWithProofOfPossession() async throws {
        let server = try aggregator(.json(String(decoding: answer.json, as: UTF8.self), status: 201))
        let identity = try await enrolment(server).run(token: "emt_secret")
        #expect(identity.agent == answer.agentID)
        #expect(identity.cluster == "prod")
        #expect(identity.authorityPEM == authority.certificate.pem)
        let request = try #require(server.requests.last)
        let sent = try EnrolmentRequest(json: request.body)
        #expect(sent.token == "emt_secret")
        #expect(sent.publicKey == identity.key.publicKey.raw)
        try ContentDigest.check(try #require(request[header: "content-digest"]), body: request.body)
        let parts = RequestParts(
            method: "POST", scheme: "http", authority: try #require(request[header: "host"]), target: request.target,
            headers: request.headers)
        let verifier = MessageVerifier(
            tag: AgentProtocol.enrolmentTag, required: AgentProtocol.enrolmentComponents)
        let signature = try verifier.read(parts)
        try signature.verify(with: identity.key.publicKey)
        #expect(signature.keyID == AgentProtocol.enrolmentKeyID)
        #expect(!request.text.contains(try identity.key.pem()))
    }

    @Test func anotherAuthorityThanTheNamedOneGetsNoToken() async throws {
        let server = try aggregator(.accepted)
        let other = try CertificateAuthority.make(
            name: "other", permitting: [.ip([127, 0, 0, 1])], now: 1_800_000_000
        ).certificate.fingerprintText
        let error = await #expect(throws: UplinkError.self) {
            try await enrolment(server, fingerprint: other).run(token: "emt_secret")
        }
        #expect(error?.code == .untrusted)
        #expect(server.requests.count == 1, "nothing was sent after the authority was seen")
    }

    @Test(arguments: ["", "sha256:", "sha256:00", "sha1:" + String(repeating: "0", count: 64)])
    func whatIsNoFingerprintIsRefusedBeforeAnythingIsAsked(fingerprint: String) async throws {
        let server = try aggregator(.accepted)
        let error = await #expect(throws: UplinkError.self) {
            try await enrolment(server, fingerprint: fingerprint).run(token: "t")
        }
        #expect(error?.code == .untrusted)
        #expect(server.requests.isEmpty)
    }

    @Test func aFingerprintMayBeWrittenAsOpenSSLWritesIt() {
        let hex = String(repeating: "Ab", count: 32)
        let colons = "SHA256:" + Array(repeating: "Ab", count: 32).joined(separator: ":")
        #expect(Enrolment.digest(of: hex) == Array(repeating: 0xab, count: 32))
        #expect(Enrolment.digest(of: colons) == Array(repeating: 0xab, count: 32))
    }

    @Test func aRefusalIsToldInTheAggregatorsWords() async throws {
        let server = try aggregator(.problem(.badToken))
        let error = await #expect(throws: UplinkError.self) { try await enrolment(server).run(token: "t") }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("told by a test") == true)
    }

    @Test func aClockThatIsOffDoesNotPreventEnrolment() async throws {
        let time = Timestamp(milliseconds: 1_900_000_000_000)
        let server = try aggregator(
            .problem(.staleSignature, serverTime: time),
            .json(String(decoding: answer.json, as: UTF8.self), status: 201))
        _ = try await enrolment(server).run(token: "t")
        #expect(server.requests.last?[header: "signature-input"]?.contains("created=1900000000") == true)
    }

    @Test func aServerThatIsNoAggregatorIsToldApart() async throws {
        let server = try StubHTTPServer { _ in .text("<html>") }
        let error = await #expect(throws: UplinkError.self) { try await enrolment(server).run(token: "t") }
        #expect(error?.code == .garbage)
    }

    @Test func anIdentityIsKeptWhereOnlyItsOwnerReadsTheKey() throws {
        let directory = try TemporaryDirectory()
        let state = directory.file("a/b")
        let identity = AgentIdentity(
            agent: answer.agentID, cluster: "c", node: "n", key: try Ed25519PrivateKey.generate(),
            authorityPEM: authority.certificate.pem)
        #expect(!AgentIdentity.exists(in: state))
        try identity.save(to: state)
        #expect(AgentIdentity.exists(in: state))
        let loaded = try AgentIdentity.load(from: state)
        #expect(loaded.agent == identity.agent)
        #expect(loaded.cluster == "c" && loaded.node == "n")
        #expect(loaded.key.publicKey == identity.key.publicKey)
        #expect(loaded.authorityPEM == identity.authorityPEM)
        var status = stat()
        #expect(stat(state + "/agent.key", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func enrolledByRootTheFilesBelongToTheDirectorysOwner() throws {
        let directory = try TemporaryDirectory()
        #expect(chown(directory.path, 65534, 65534) == 0)
        let identity = AgentIdentity(
            agent: answer.agentID, cluster: "c", node: "n", key: try Ed25519PrivateKey.generate(), authorityPEM: "")
        try identity.save(to: directory.path)
        for name in ["identity.json", "agent.key", "ca.pem"] {
            var status = stat()
            #expect(stat(directory.file(name), &status) == 0)
            #expect(status.st_uid == 65534)
        }
    }

    @Test func aMissingOrDamagedIdentitySaysWhatToDo() throws {
        let directory = try TemporaryDirectory()
        var error = #expect(throws: UplinkError.self) { try AgentIdentity.load(from: directory.path) }
        #expect(error?.message.contains("etcd-monitor-agent enrol") == true)
        try directory.write("{}", to: "identity.json")
        error = #expect(throws: UplinkError.self) { try AgentIdentity.load(from: directory.path) }
        #expect(error?.message.contains("enrol this host again") == true)
    }
}
