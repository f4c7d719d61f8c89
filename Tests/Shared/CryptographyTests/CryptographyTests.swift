import Cryptography
import Testing

func hex(_ text: String) throws -> [UInt8] {
    try #require(Hex.decode(text.filter { !$0.isWhitespace }))
}

struct DigestTests {
    // FIPS 180-4's examples.
    @Test func digestsAsTheStandardsExamplesDo() throws {
        #expect(
            SHA256.digest("abc".utf8) == (try hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")))
        #expect(
            SHA256.digest([]) == (try hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")))
        #expect(
            SHA512.digest("abc".utf8)
                == (try hex(
                    """
                    ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
                    """)))
    }

    @Test func digestsPiecesAsItDigestsTheWhole() {
        var running = RunningSHA256()
        running.update("a".utf8)
        running.update([])
        running.update(Array("bc".utf8).reversed().reversed())
        #expect(running.finish() == SHA256.digest("abc".utf8))
    }

    // RFC 4231, test cases 2 and 6.
    @Test func authenticatesAsRFC4231Does() throws {
        #expect(
            HMAC.sha256("what do ya want for nothing?".utf8, key: Array("Jefe".utf8))
                == (try hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")))
        #expect(
            HMAC.sha256(
                "Test Using Larger Than Block-Size Key - Hash Key First".utf8, key: [UInt8](repeating: 0xaa, count: 131)
            )
                == (try hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")))
    }
}

struct TextEncodingTests {
    // RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func encodesAsRFC4648Does(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        let urlSafe = String(encoded.prefix { $0 != "=" })
        #expect(Base64.encodeURL(plain.utf8) == urlSafe)
        #expect(Base64.decodeURL(urlSafe) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "AA", "AAA", "AA=A", "A===", "Zh==", "Zm9=", "AA==AA==", "A A=", "AA-_", "Zg==\n", "é==="])
    func refusesWhatIsNotCanonical(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func readsBackRandomBytes() {
        for count in 0..<200 {
            let bytes = SecureRandom.bytes(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: ["a", "0x", "gg", "é"]) func refusesWhatIsNotHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

struct Ed25519Tests {
    // RFC 8032, section 7.1, test 2.
    @Test func signsAsRFC8032Does() throws {
        let key = try Ed25519PrivateKey(raw: hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        let signature = try hex(
            """
            92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
            085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
            """)
        #expect(
            key.publicKey.raw == (try hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")))
        #expect(try key.sign([0x72]) == signature)
        #expect(key.publicKey.isValid(signature: signature, for: [0x72]))
    }

    @Test func refusesAnotherMessageKeyOrSignature() throws {
        let (key, other) = (try Ed25519PrivateKey.generate(), try Ed25519PrivateKey.generate())
        let message = Array("batch".utf8)
        let signature = try key.sign(message)
        #expect(key.publicKey.isValid(signature: signature, for: message))
        #expect(!key.publicKey.isValid(signature: signature, for: message + [0]))
        #expect(!key.publicKey.isValid(signature: signature.dropLast(), for: message))
        #expect(!key.publicKey.isValid(signature: signature + [0], for: message))
        #expect(!key.publicKey.isValid(signature: [], for: message))
        #expect(!other.publicKey.isValid(signature: signature, for: message))
        for at in signature.indices {
            var forged = signature
            forged[at] ^= 1
            #expect(!key.publicKey.isValid(signature: forged, for: message))
        }
    }

    @Test func readsBackItsOwnPEMAndRawForm() throws {
        let key = try Ed25519PrivateKey.generate()
        let pem = try key.pem()
        #expect(pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(try Ed25519PrivateKey(pem: pem).publicKey == key.publicKey)
        #expect(try Ed25519PrivateKey(raw: key.raw()).publicKey == key.publicKey)
        #expect(try Ed25519PublicKey(raw: key.publicKey.raw) == key.publicKey)
    }

    @Test func refusesWhatIsNoKey() throws {
        let ca = try CertificateAuthority.make(name: "x", permitting: [], now: 0)
        for pem in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", try ca.keyPEM()] {
            #expect { try Ed25519PrivateKey(pem: pem) } throws: { ($0 as? CryptographyError)?.code == .malformed }
        }
        #expect(throws: CryptographyError.self) { try Ed25519PrivateKey(raw: [1]) }
        #expect(throws: CryptographyError.self) { try Ed25519PublicKey(raw: [UInt8](repeating: 0, count: 33)) }
    }
}

struct PasswordHashTests {
    // Cheap, so that tests are quick; the standard cost is for passwords.
    let cost = PasswordHash.Cost(logN: 4, r: 8, p: 1)

    // RFC 7914, section 12, third vector.
    @Test func derivesAsRFC7914Does() throws {
        let hash = try #require(
            PasswordHash(
                """
                $scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$\
                cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw
                """))
        #expect(hash.matches("pleaseletmein"))
        #expect(!hash.matches("pleaseletmein "))
    }

    @Test func matchesOnlyItsPassword() throws {
        let hash = try PasswordHash.make("pässword\0x", cost: cost)
        #expect(hash.matches("pässword\0x"))
        #expect(!hash.matches("pässword"))
        #expect(!hash.matches(""))
        let stored = try #require(PasswordHash(hash.string))
        #expect(stored == hash && stored.matches("pässword\0x"))
    }

    @Test func saltsEachHash() throws {
        #expect(try PasswordHash.make("a", cost: cost) != PasswordHash.make("a", cost: cost))
    }

    @Test func usesTheStandardCostByDefault() throws {
        #expect(try PasswordHash.make("a").string.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
    }

    @Test(arguments: [
        "", "x", "$scrypt$ln=15,r=8,p=1$", "$bcrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=8$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=8,p=1$c2E$aGFzaGhhc2hoYXNoaGFzaA", "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$aGE",
        "$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "$scrypt$ln=4,r=8,p=1$!!!!$aGFzaGhhc2hoYXNoaGFzaA",
    ])
    func refusesStringsThatAreNoHashOrCostTooMuch(string: String) {
        #expect(PasswordHash(string) == nil)
    }
}

struct SealedBoxTests {
    let key = SecureRandom.bytes(32)

    @Test(arguments: [0, 1, 16, 1000]) func opensWhatItSealed(count: Int) throws {
        let secret = SecureRandom.bytes(count)
        let box = try SealedBox.seal(secret, key: key, context: Array("row 7".utf8))
        #expect(box.count == count + 28)
        #expect(try SealedBox.open(box, key: key, context: Array("row 7".utf8)) == secret)
    }

    // NIST's GCM test case 14 (256-bit key of zeros, one zero block), read as a box.
    @Test func opensTheStandardsTestVector() throws {
        let box = try hex("000000000000000000000000 cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919")
        let secret = try SealedBox.open(box, key: [UInt8](repeating: 0, count: 32))
        #expect(secret == [UInt8](repeating: 0, count: 16))
    }

    @Test func noticesAnyChange() throws {
        let box = try SealedBox.seal(Array("secret".utf8), key: key, context: [1])
        for at in box.indices {
            var altered = box
            altered[at] ^= 0x80
            #expect { try SealedBox.open(altered, key: key, context: [1]) } throws: {
                ($0 as? CryptographyError)?.code == .notAuthentic
            }
        }
        #expect(throws: CryptographyError.self) { try SealedBox.open(box, key: key, context: [2]) }
        #expect(throws: CryptographyError.self) { try SealedBox.open(box, key: SecureRandom.bytes(32), context: [1]) }
        #expect(throws: CryptographyError.self) { try SealedBox.open(Array(box.prefix(27)), key: key) }
        #expect(throws: CryptographyError.self) { try SealedBox.open(box, key: [1, 2, 3], context: [1]) }
    }

    @Test func neverSealsAlikeTwice() throws {
        #expect(try SealedBox.seal([1], key: key) != SealedBox.seal([1], key: key))
    }
}

struct RandomTests {
    @Test func givesFreshBytes() {
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.uint64() != SecureRandom.uint64())
    }

    @Test func comparesInConstantTime() {
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1]))
        #expect(constantTimeEqual([], []))
    }
}
