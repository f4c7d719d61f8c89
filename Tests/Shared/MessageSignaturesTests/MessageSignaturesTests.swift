import Cryptography
import MessageSignatures
import Testing

/// RFC 9421, appendix B: the request, and the key pair test-key-ed25519 of B.1.4.
enum Example {
    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
        -----END PRIVATE KEY-----
        """
    static let publicKey = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
    static let body = Array(#"{"hello": "world"}"#.utf8)

    static func request(_ extra: [(name: String, value: String)] = []) -> RequestParts {
        RequestParts(
            method: "POST", scheme: "https", authority: "example.com", target: "/foo?param=Value&Pet=dog",
            headers: [
                ("Host", "example.com"), ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
                ("Content-Type", "application/json"),
                (
                    "Content-Digest",
                    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
                ), ("Content-Length", "18"),
            ] + extra)
    }

    static let input = """
        sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473\
        ;keyid="test-key-ed25519"
        """
    static let signature =
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
    static let parameters = SignatureParameters(
        components: ["date", "@method", "@path", "@authority", "content-type", "content-length"],
        created: 1_618_884_473,
        keyID: "test-key-ed25519")
}

/// test-key-ed25519's public half.
func key() throws -> Ed25519PublicKey {
    try Ed25519PublicKey(raw: try #require(Base64.decodeURL(Example.publicKey)))
}

struct RFC9421Tests {
    @Test func signsAsAppendixB26Does() throws {
        let signer = MessageSigner(key: try Ed25519PrivateKey(pem: Example.privateKey), label: "sig-b26")
        let fields = try signer.sign(Example.request(), Example.parameters)
        #expect(fields.input == Example.input)
        #expect(fields.signature == Example.signature)
    }

    @Test func verifiesAppendixB26() throws {
        let request = Example.request([("Signature-Input", Example.input), ("Signature", Example.signature)])
        let read = try MessageVerifier(tag: nil, required: ["@method", "date"]).read(request)
        #expect(read.keyID == "test-key-ed25519" && read.created == 1_618_884_473 && read.label == "sig-b26")
        try read.verify(with: key())
    }

    @Test func refusesAppendixB26OnceAnythingIsChanged() throws {
        let signed: [(name: String, value: String)] = [
            ("Signature-Input", Example.input), ("Signature", Example.signature),
        ]
        var changed = (0..<5).map { _ in Example.request(signed) }
        changed[0].method = "PUT"
        changed[1].path = "/bar"
        changed[2].authority = "example.org"
        changed[3].headers[1].value = "Tue, 20 Apr 2021 02:07:56 GMT"
        changed[4].headers[5].value = Example.input.replacing("1618884473", with: "1618884474")
        for request in changed {
            let read = try MessageVerifier(tag: nil, required: []).read(request)
            #expect { try read.verify(with: key()) } throws: { ($0 as? MessageSignatureError)?.code == .invalid }
        }
    }

    @Test func joinsTrimsAndUnfoldsFieldsAsSection21Does() throws {
        let request = RequestParts(
            method: "GET", scheme: "https", authority: "www.example.com", target: "/",
            headers: [
                ("Host", "www.example.com"), ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
                ("X-OWS-Header", "  Leading and trailing whitespace.   "),
                ("X-Obs-Fold-Header", "Obsolete\r\n    line folding."), ("Cache-Control", "max-age=60"),
                ("Cache-Control", "   must-revalidate"), ("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
                ("X-Empty-Header", ""),
            ])
        let names = [
            "host", "date", "x-ows-header", "x-obs-fold-header", "cache-control", "example-dict", "x-empty-header",
        ]
        let base = try request.signatureBase(SignatureParameters(components: names))
        #expect(
            base == """
                "host": www.example.com
                "date": Tue, 20 Apr 2021 02:07:56 GMT
                "x-ows-header": Leading and trailing whitespace.
                "x-obs-fold-header": Obsolete line folding.
                "cache-control": max-age=60, must-revalidate
                "example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)
                "x-empty-header":\u{20}
                "@signature-params": ("host" "date" "x-ows-header" "x-obs-fold-header" "cache-control" "example-dict" \
                "x-empty-header")
                """)
    }

    @Test func makesTheBaseOfSection25() throws {
        let base = try Example.request().signatureBase(
            SignatureParameters(
                components: ["@method", "@authority", "@path", "content-digest", "content-length", "content-type"],
                created: 1_618_884_473, keyID: "test-key-rsa-pss"))
        #expect(
            base == """
                "@method": POST
                "@authority": example.com
                "@path": /foo
                "content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
                "content-length": 18
                "content-type": application/json
                "@signature-params": ("@method" "@authority" "@path" "content-digest" "content-length" "content-type")\
                ;created=1618884473;keyid="test-key-rsa-pss"
                """)
    }

    @Test func derivesComponentsAsSection22Does() throws {
        let request = try RequestParts(
            method: "POST", url: "https://WWW.example.com:443/path?param=value", headers: [])
        let names = ["@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"]
        let lines = try request.signatureBase(SignatureParameters(components: names)).split(separator: "\n").dropLast()
        #expect(
            lines == [
                "\"@method\": POST", "\"@target-uri\": https://WWW.example.com:443/path?param=value",
                "\"@authority\": www.example.com", "\"@scheme\": https", "\"@request-target\": /path?param=value",
                "\"@path\": /path", "\"@query\": ?param=value",
            ])
        let bare = try RequestParts(method: "GET", url: "http://example.com", headers: [])
        #expect(
            try bare.signatureBase(SignatureParameters(components: ["@path", "@query"])).hasPrefix(
                "\"@path\": /\n\"@query\": ?\n"))
    }
}

struct VerifierTests {
    let signer: MessageSigner
    let publicKey: Ed25519PublicKey
    static let covered = ["@method", "@authority", "@path", "content-digest", "content-type"]

    init() throws {
        let key = try Ed25519PrivateKey.generate()
        signer = MessageSigner(key: key)
        publicKey = key.publicKey
    }

    func signed(
        _ parameters: SignatureParameters, headers: (SignatureFields) -> [(name: String, value: String)]
    ) throws -> RequestParts {
        let fields = try signer.sign(Example.request(), parameters)
        return Example.request(headers(fields))
    }

    func parameters(_ change: (inout SignatureParameters) -> Void = { _ in }) -> SignatureParameters {
        var parameters = SignatureParameters(components: Self.covered, created: 1, keyID: "k", tag: "t")
        change(&parameters)
        return parameters
    }

    func code(_ request: RequestParts) -> MessageSignatureError.Code? {
        do {
            try MessageVerifier(tag: "t", required: Self.covered).read(request).verify(with: publicKey)
            return nil
        } catch {
            return error.code
        }
    }

    func code(_ parameters: SignatureParameters) throws -> MessageSignatureError.Code? {
        code(try signed(parameters) { [("signature-input", $0.input), ("signature", $0.signature)] })
    }

    @Test func acceptsWhatTheSignerMakes() throws {
        #expect(try code(parameters()) == nil)
        #expect(try code(parameters { $0.algorithm = "ed25519" }) == nil)
        #expect(try code(parameters { $0.nonce = "a\"b\\c" }) == nil)
        #expect(try code(parameters { $0.components.append("@query") }) == nil)
    }

    @Test func refusesASignatureThatCoversTooLittle() throws {
        #expect(try code(parameters { $0.components.removeLast() }) == .uncovered)
        #expect(try code(parameters { $0.keyID = nil }) == .uncovered)
        #expect(try code(parameters { $0.created = nil }) == .uncovered)
    }

    @Test func refusesAnotherTagAndAnotherAlgorithm() throws {
        #expect(try code(parameters { $0.tag = "other" }) == .missing)
        #expect(try code(parameters { $0.tag = nil }) == .missing)
        #expect(try code(parameters { $0.algorithm = "hmac-sha256" }) == .unsupported)
    }

    @Test func refusesSeveralSignaturesOfOneTag() throws {
        let request = try signed(parameters()) { fields in
            [
                ("signature-input", fields.input), ("signature-input", fields.input.replacing("s=", with: "r=")),
                ("signature", fields.signature),
            ]
        }
        #expect(code(request) == .ambiguous)
    }

    @Test func findsItsSignatureAmongOthers() throws {
        let request = try signed(parameters()) { fields in
            [
                ("signature-input", #"proxy=("@method");created=1;keyid="p";tag="proxy", "# + fields.input),
                ("signature", "proxy=:AAAA:, " + fields.signature),
            ]
        }
        #expect(code(request) == nil)
    }

    @Test func refusesAComponentCoveredTwice() throws {
        let request = try signed(parameters()) { fields in
            [
                ("signature-input", fields.input.replacing("(\"@method\"", with: "(\"@method\" \"@method\"")),
                ("signature", fields.signature),
            ]
        }
        #expect(code(request) == .ambiguous)
    }

    @Test(arguments: [
        ("", "s=:AAAA:"), ("s", "s=:AAAA:"), ("s=1;tag=\"t\"", "s=:AAAA:"), ("s=();tag=\"t\"", "s=1"),
        ("s=(\"@METHOD\");tag=\"t\"", "s=:AAAA:"), ("s=(\"a\";sf);tag=\"t\"", "s=:AAAA:"),
        ("s=(a);tag=\"t\"", "s=:AAAA:"),
        ("s=();created=\"1\";tag=\"t\"", "s=:AAAA:"), ("s=();keyid=@1;tag=\"t\"", "s=:AAAA:"), ("s=(", "s=:AAAA:"),
        ("s=();tag=\"t\"", "s=:AAA:"), ("s=();tag=%\"t\"", "s=:AAAA:"), ("s=();created=@5;tag=\"t\"", "s=@5"),
    ])
    func refusesNonsense(input: String, signature: String) {
        #expect(code(Example.request([("signature-input", input), ("signature", signature)])) != nil)
    }

    @Test func refusesARequestWithoutSignature() {
        #expect(code(Example.request()) == .missing)
    }

    @Test func refusesToSignWhatIsNotThereOrCannotBeSigned() {
        let parameters = parameters { $0.components.append("x-none") }
        #expect(throws: MessageSignatureError.self) { try signer.sign(Example.request(), parameters) }
        let injected = self.parameters { $0.components = ["x"] }
        #expect(throws: MessageSignatureError.self) { try signer.sign(Example.request([("x", "é")]), injected) }
    }

    @Test func survivesAnyBytesInItsFields() throws {
        let fields = try signer.sign(Example.request(), parameters())
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("()\";:=,@%?*abZ09 \\/+-.".utf8)
        for _ in 0..<20_000 {
            var (input, signature) = (Array(fields.input.utf8), Array(fields.signature.utf8))
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                input[Int.random(in: input.indices, using: &random)] = alphabet.randomElement(using: &random) ?? 0
                signature[Int.random(in: signature.indices, using: &random)] =
                    alphabet.randomElement(using: &random) ?? 0
            }
            let request = Example.request([
                ("signature-input", String(decoding: input, as: UTF8.self)),
                ("signature", String(decoding: signature, as: UTF8.self)),
            ])
            let isAccepted = code(request) == nil
            #expect(!isAccepted || (input == Array(fields.input.utf8) && signature == Array(fields.signature.utf8)))
        }
    }
}

/// RFC 9530: `{"hello": "world"}` is the content of its examples (appendix D) and of RFC 9421's.
struct ContentDigestTests {
    static let sha256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    static let sha512 =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"

    @Test func writesTheRFCsExamples() {
        #expect(ContentDigest.sha256(Example.body) == Self.sha256)
        #expect(ContentDigest.sha512(Example.body) == Self.sha512)
    }

    @Test(arguments: [sha256, sha512, "\(sha256), \(sha512)", "unixsum=1, \(sha256)"])
    func acceptsADigestThatFits(field: String) throws {
        try ContentDigest.check(field, body: Example.body)
    }

    @Test(arguments: [
        (sha256, MessageSignatureError.Code.invalid), ("\(sha256), \(sha512)", .invalid), ("md5=:AAAA:", .unsupported),
        ("", .unsupported), ("sha-256=1", .malformed), ("sha-256=:AAAA", .malformed), ("sha-256=:AAAA:", .invalid),
    ])
    func refusesADigestThatDoesNotFit(field: String, code: MessageSignatureError.Code) {
        #expect { try ContentDigest.check(field, body: Array("{}".utf8)) } throws: {
            ($0 as? MessageSignatureError)?.code == code
        }
    }
}
