internal import COpenSSL

/// An OpenSSL key: one owner, freed with it.
///
/// `@unchecked Sendable`: the EVP_PKEY is never changed after it was made, and OpenSSL lets threads share one to read.
struct KeyHandle: ~Copyable, @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    /// The private key in PKCS #8 PEM.
    init(pem: String) throws(CryptographyError) {
        let bio = try MemoryBIO(reading: pem)
        // An encrypted key is refused: OpenSSL's default callback would ask for a passphrase on the terminal.
        let key = PEM_read_bio_PrivateKey(bio.pointer, nil, { _, _, _, _ in -1 }, nil)
        pointer = try check(key, "cannot read a private key from PEM", .malformed)
    }

    /// PKCS #8 PEM, unencrypted.
    func pem() throws(CryptographyError) -> String {
        let bio = try MemoryBIO()
        try check(
            PEM_write_bio_PrivateKey(bio.pointer, pointer, nil, nil, 0, nil, nil), "cannot write a private key as PEM")
        return bio.text
    }

    /// 32 bytes of an Ed25519 key, by either of OpenSSL's two getters.
    func raw(
        _ get: (OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = bytes.count
        try check(get(pointer, &bytes, &length), "cannot take out the key's bytes")
        guard length == 32 else { throw CryptographyError(.malformed, "not an Ed25519 key") }
        return bytes
    }
}

/// A memory buffer that OpenSSL reads from or writes to.
struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer

    /// An empty one to write to.
    init() throws(CryptographyError) {
        pointer = try check(BIO_new(BIO_s_mem()), "cannot make a memory buffer")
    }

    /// One that holds `text`.
    init(reading text: String) throws(CryptographyError) {
        let bytes = Array(text.utf8)
        let pointer = try check(BIO_new(BIO_s_mem()), "cannot make a memory buffer")
        self.pointer = pointer
        let written = BIO_write(pointer, bytes, Int32(bytes.count))
        precondition(written == bytes.count || bytes.isEmpty, "a memory buffer takes all that is written")
    }

    deinit { BIO_free(pointer) }

    /// What has been written.
    var text: String {
        var start: UnsafeMutablePointer<CChar>?
        let count = cossl_bio_mem_data(pointer, &start)
        guard let start, count > 0 else { return "" }
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}
