internal import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
    /// The 32 bytes of the digest.
    public static func digest(_ message: some Collection<UInt8>) -> [UInt8] {
        digestOnce(EVP_sha256(), 32, message)
    }
}

/// SHA-512 (FIPS 180-4).
public enum SHA512 {
    /// The 64 bytes of the digest.
    public static func digest(_ message: some Collection<UInt8>) -> [UInt8] {
        digestOnce(EVP_sha512(), 64, message)
    }
}

/// HMAC (RFC 2104) with SHA-256.
public enum HMAC {
    /// The 32 bytes of the code.
    public static func sha256(_ message: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = withBytes(of: message) { message in
            COpenSSL.HMAC(EVP_sha256(), key, Int32(key.count), message.baseAddress, message.count, &code, &length)
        }
        precondition(done != nil && length == 32, "libcrypto cannot compute HMAC-SHA-256: out of memory?")
        return code
    }
}

/// SHA-256 of a message that comes in pieces.
public struct RunningSHA256: ~Copyable {
    private let context: OpaquePointer

    /// Of no bytes yet.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto cannot start SHA-256: out of memory?")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds `bytes`.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        let done = withBytes(of: bytes) { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(done == 1, "libcrypto cannot continue SHA-256")
    }

    /// The 32 bytes of the digest.
    public consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(done == 1, "libcrypto cannot finish SHA-256")
        return digest
    }
}

/// A digest cannot fail but for lack of memory, which is no error a caller could handle.
private func digestOnce(_ kind: OpaquePointer?, _ size: Int, _ message: some Collection<UInt8>) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: size)
    let done = withBytes(of: message) { EVP_Digest($0.baseAddress, $0.count, &digest, nil, kind, nil) }
    precondition(done == 1, "libcrypto cannot compute a digest: out of memory?")
    return digest
}

/// The bytes of any collection in one piece; copied only if they are not contiguous.
func withBytes<Value>(of bytes: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    bytes.withContiguousStorageIfAvailable(body) ?? Array(bytes).withUnsafeBufferPointer(body)
}
