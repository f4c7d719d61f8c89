internal import Cryptography
internal import RawStructuredFieldValues

/// RFC 9530's `Content-Digest`.
public enum ContentDigest {
    /// The field's value for `body`: `sha-256=:…:`.
    public static func sha256(_ body: [UInt8]) -> String {
        "sha-256=:\(Base64.encode(SHA256.digest(body))):"
    }

    /// The field's value for `body` with SHA-512.
    public static func sha512(_ body: [UInt8]) -> String {
        "sha-512=:\(Base64.encode(SHA512.digest(body))):"
    }

    /// Checks `field` against `body`: every sha-256 and sha-512 in it must fit, and there must be one.
    public static func check(_ field: String, body: [UInt8]) throws(MessageSignatureError) {
        var known = 0
        for (algorithm, member) in try parseDictionary(Array(field.utf8), "content-digest") {
            guard let digest = digest(algorithm, body) else { continue }
            guard case .item(let item) = member, case .undecodedByteSequence(let text) = item.rfc9651BareItem,
                let claimed = Base64.decode(text)
            else { throw MessageSignatureError(.malformed, "content-digest: \(algorithm) is not a byte sequence") }
            guard constantTimeEqual(claimed, digest) else {
                throw MessageSignatureError(.invalid, "content-digest: \(algorithm) does not fit the body")
            }
            known += 1
        }
        guard known > 0 else {
            throw MessageSignatureError(.unsupported, "content-digest has neither sha-256 nor sha-512")
        }
    }

    private static func digest(_ algorithm: String, _ body: [UInt8]) -> [UInt8]? {
        switch algorithm {
        case "sha-256": SHA256.digest(body)
        case "sha-512": SHA512.digest(body)
        default: nil
        }
    }
}
