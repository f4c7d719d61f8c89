internal import COpenSSL

/// Secrets at rest: AES-256-GCM with a fresh random nonce, as `nonce (12) ‖ ciphertext ‖ tag (16)`.
///
/// With random nonces one key should not seal more than 2³² messages (NIST SP 800-38D).
public enum SealedBox {
    private static let nonceSize = 12
    private static let tagSize = 16

    /// Seals `secret`.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - context: bound to the box but not stored in it (the row's id, say); must be the same when it is opened.
    public static func seal(
        _ secret: [UInt8], key: [UInt8], context: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        let nonce = SecureRandom.bytes(nonceSize)
        let cipher = try CipherContext(key: key, nonce: nonce, encrypts: true)
        try cipher.authenticate(context)
        let text = try cipher.update(secret)
        try cipher.finish("cannot seal")
        return nonce + text + (try cipher.tag(count: tagSize))
    }

    /// The secret in `box`. Throws `.notAuthentic` if the box, the key or the context is not the right one.
    public static func open(
        _ box: [UInt8], key: [UInt8], context: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        guard box.count >= nonceSize + tagSize else {
            throw CryptographyError(.malformed, "too short for a sealed box")
        }
        let cipher = try CipherContext(key: key, nonce: Array(box.prefix(nonceSize)), encrypts: false)
        try cipher.authenticate(context)
        let secret = try cipher.update(Array(box.dropFirst(nonceSize).dropLast(tagSize)))
        try cipher.expect(tag: Array(box.suffix(tagSize)))
        do {
            try cipher.finish("cannot open a sealed box")
        } catch {
            throw CryptographyError(.notAuthentic, "the sealed box was altered or made with another key")
        }
        return secret
    }
}

/// An AES-256-GCM context.
private struct CipherContext: ~Copyable {
    let pointer: OpaquePointer

    init(key: [UInt8], nonce: [UInt8], encrypts: Bool) throws(CryptographyError) {
        guard key.count == 32 else { throw CryptographyError(.malformed, "a sealing key has 32 bytes") }
        let pointer = try check(EVP_CIPHER_CTX_new(), "cannot make a cipher")
        let started = EVP_CipherInit_ex(pointer, EVP_aes_256_gcm(), nil, key, nonce, encrypts ? 1 : 0)
        precondition(started == 1, "libcrypto lacks AES-256-GCM")
        self.pointer = pointer
    }

    deinit { EVP_CIPHER_CTX_free(pointer) }

    func authenticate(_ context: [UInt8]) throws(CryptographyError) {
        var count: Int32 = 0
        guard !context.isEmpty else { return }
        try check(EVP_CipherUpdate(pointer, nil, &count, context, Int32(context.count)), "cannot bind the context")
    }

    func update(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        var result = [UInt8](repeating: 0, count: bytes.count)
        var count: Int32 = 0
        try check(EVP_CipherUpdate(pointer, &result, &count, bytes, Int32(bytes.count)), "cannot run AES-GCM")
        return result
    }

    func finish(_ action: String) throws(CryptographyError) {
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        try check(EVP_CipherFinal_ex(pointer, &rest, &count), action, .notAuthentic)
    }

    func tag(count: Int) throws(CryptographyError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: count)
        try check(EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(count), &tag), "cannot read the tag")
        return tag
    }

    func expect(tag: [UInt8]) throws(CryptographyError) {
        var tag = tag
        try check(EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag), "cannot set the tag")
    }
}
