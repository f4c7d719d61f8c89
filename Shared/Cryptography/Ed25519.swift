internal import COpenSSL

/// An Ed25519 signing key (RFC 8032).
public final class Ed25519PrivateKey: Sendable {
    private let handle: KeyHandle
    /// The half that others verify with.
    public let publicKey: Ed25519PublicKey

    private init(_ handle: consuming KeyHandle) throws(CryptographyError) {
        guard EVP_PKEY_get_id(handle.pointer) == EVP_PKEY_ED25519 else {
            throw CryptographyError(.malformed, "not an Ed25519 key")
        }
        publicKey = try Ed25519PublicKey(raw: handle.raw(EVP_PKEY_get_raw_public_key))
        self.handle = handle
    }

    /// A new random key.
    public static func generate() throws(CryptographyError) -> Ed25519PrivateKey {
        try Ed25519PrivateKey(raw: SecureRandom.bytes(32))
    }

    /// The key with this seed of 32 bytes.
    public convenience init(raw: [UInt8]) throws(CryptographyError) {
        guard raw.count == 32 else { throw CryptographyError(.malformed, "an Ed25519 key has 32 bytes") }
        let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, raw, raw.count)
        try self.init(KeyHandle(owning: check(key, "cannot make an Ed25519 key", .malformed)))
    }

    /// The key in a PKCS #8 PEM block, as `openssl genpkey -algorithm ed25519` writes it.
    public convenience init(pem: String) throws(CryptographyError) {
        try self.init(KeyHandle(pem: pem))
    }

    /// The seed, 32 bytes: secret.
    public func raw() throws(CryptographyError) -> [UInt8] {
        try handle.raw(EVP_PKEY_get_raw_private_key)
    }

    /// PKCS #8 PEM, unencrypted: secret.
    public func pem() throws(CryptographyError) -> String {
        try handle.pem()
    }

    /// The signature of `message`: 64 bytes, always the same for the same message.
    public func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let context = try check(EVP_MD_CTX_new(), "cannot sign")
        defer { EVP_MD_CTX_free(context) }
        try check(EVP_DigestSignInit(context, nil, nil, nil, handle.pointer), "cannot sign")
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        try check(EVP_DigestSign(context, &signature, &length, message, message.count), "cannot sign")
        return signature
    }
}

/// An Ed25519 verification key: 32 bytes. Compares and hashes by them.
public final class Ed25519PublicKey: Sendable, Hashable {
    /// The 32 bytes of RFC 8032.
    public let raw: [UInt8]
    private let handle: KeyHandle

    /// The key with these 32 bytes.
    public init(raw: [UInt8]) throws(CryptographyError) {
        guard raw.count == 32 else { throw CryptographyError(.malformed, "an Ed25519 public key has 32 bytes") }
        let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, raw.count)
        handle = KeyHandle(owning: try check(key, "cannot make an Ed25519 public key", .malformed))
        self.raw = raw
    }

    /// Whether `signature` is this key's signature of `message`. Any bytes give an answer.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            // A signature that does not fit leaves its reason in the thread's queue; it is not an error here.
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, handle.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    public static func == (left: Ed25519PublicKey, right: Ed25519PublicKey) -> Bool { left.raw == right.raw }

    public func hash(into hasher: inout Hasher) { hasher.combine(raw) }
}
