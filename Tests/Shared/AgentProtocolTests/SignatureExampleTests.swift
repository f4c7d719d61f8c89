import AgentProtocol
import Cryptography
import Glibc
import MessageSignatures
import Model
import Testing

/// The signed request of docs/agent-protocol.md, from Tests/Fixtures/wire/signature.txt: lines of `name value`.
@Suite struct SignatureExampleTests {
    private let values: [String: String]
    private let body: [UInt8]

    init() throws {
        values = try Self.lines("Tests/Fixtures/wire/signature.txt")
        let digits = try Self.lines("Tests/Fixtures/wire/vectors.txt")["batch-1-zstd"]
        body = try #require(Hex.decode(digits ?? "none"))
    }

    private static func lines(_ path: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for line in try text(path).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 1)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return values
    }

    /// The file at `path` in the repository.
    private static func text(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let file = try #require(fopen(root.joined(separator: "/") + "/" + path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        try #require(Hex.decode(values[name] ?? "none"))
    }

    private func parts() throws -> RequestParts {
        try RequestParts(
            method: "POST", url: "https://monitor.example:8379\(AgentProtocol.batchesPath)",
            headers: [
                (name: "Content-Type", value: AgentProtocol.batchMediaType),
                (name: "Content-Encoding", value: AgentProtocol.batchContentEncoding),
                (name: "Content-Digest", value: ContentDigest.sha256(body)),
            ])
    }

    private var parameters: SignatureParameters {
        SignatureParameters(
            components: AgentProtocol.batchComponents, created: 1_795_435_003,
            keyID: "000102030405060708090a0b0c0d0e0f", tag: AgentProtocol.batchTag)
    }

    @Test func theRequestIsSignedAsDocumented() throws {
        let key = try Ed25519PrivateKey(raw: try bytes("private-key"))
        let fields = try MessageSigner(key: key, label: AgentProtocol.signatureLabel).sign(try parts(), parameters)
        #expect(ContentDigest.sha256(body) == values["content-digest"])
        #expect(fields.input == values["signature-input"])
        #expect(fields.signature == values["signature"])
        #expect(Hex.encode(key.publicKey.raw) == values["public-key"])
        let base = try parts().signatureBase(parameters)
        #expect(base.split(separator: "\n").map(String.init) == (1...7).map { values["base-\($0)"] })
    }

    @Test func theDocumentShowsThisRequest() throws {
        let document = try Self.text("docs/agent-protocol.md")
        for (name, value) in values {
            #expect(document.contains(value), "\(name) is not in the document")
        }
        for code in ProblemCode.allCases {
            #expect(document.contains("| `\(code.rawValue)` | \(code.status) |"), "\(code) is not in the document")
        }
    }

    @Test func theDocumentedSignatureVerifies() throws {
        var parts = try parts()
        parts.headers += [
            (name: "Signature-Input", value: values["signature-input"] ?? ""),
            (name: "Signature", value: values["signature"] ?? ""),
        ]
        let verifier = MessageVerifier(tag: AgentProtocol.batchTag, required: AgentProtocol.batchComponents)
        let signature = try verifier.read(parts)
        let key = try Ed25519PublicKey(raw: try bytes("public-key"))
        try signature.verify(with: key)
        #expect(signature.created == 1_795_435_003)
        #expect(AgentID(signature.keyID) != nil)
    }
}
