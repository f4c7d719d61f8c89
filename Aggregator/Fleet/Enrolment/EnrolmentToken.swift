internal import Cryptography
public import Model

/// A right to enrol one agent, once, for a while. Shown when made, kept only as its digest.
public struct EnrolmentToken: Sendable {
    /// `emt_` and 43 characters: 32 random bytes in base64url.
    public var secret: String
    /// When it ends.
    public var expires: Timestamp

    /// A new random token.
    static func make(expires: Timestamp) -> EnrolmentToken {
        EnrolmentToken(secret: "emt_" + Base64.encodeURL(SecureRandom.bytes(32)), expires: expires)
    }

    /// What the table keeps.
    static func digest(of secret: String) -> [UInt8] {
        SHA256.digest(Array(secret.utf8))
    }
}
