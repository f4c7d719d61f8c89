// Cryptography: the few primitives this product uses, from OpenSSL's libcrypto: digests, HMAC, Ed25519, scrypt,
// AES-256-GCM, random bytes, and X.509 as far as a small certificate authority needs it. The only room that imports
// OpenSSL. Leaves key files, rotation and every protocol to others.
internal import COpenSSL

/// Why a cryptographic operation failed. Never holds key material.
public struct CryptographyError: Error, CustomStringConvertible {
    /// What callers can tell apart.
    public enum Code: Sendable {
        /// Input that is not a key, certificate, PEM block or number of bytes as expected.
        case malformed
        /// A seal, tag or signature that does not match: altered data or another key.
        case notAuthentic
        /// OpenSSL refused or failed.
        case library
    }

    /// The kind of failure.
    public var code: Code
    /// What was tried, and OpenSSL's own words where it had some.
    public var message: String

    /// A failure of our own finding.
    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The failure of `action`, with everything that stands in OpenSSL's error queue of this thread, which is emptied.
    static func library(_ action: String, _ code: Code = .library) -> CryptographyError {
        var reasons: [String] = []
        while true {
            let number = ERR_get_error()
            guard number != 0 else { break }
            let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                guard let start = buffer.baseAddress else { return "" }
                ERR_error_string_n(number, start, buffer.count)
                return String(cString: start)
            }
            reasons.append(text)
        }
        return CryptographyError(code, reasons.isEmpty ? action : "\(action): \(reasons.joined(separator: "; "))")
    }

    public var description: String { message }
}

/// Throws unless OpenSSL answered 1.
func check(_ result: Int32, _ action: String, _ code: CryptographyError.Code = .library) throws(CryptographyError) {
    guard result == 1 else { throw .library(action, code) }
}

/// The pointer, or OpenSSL's reason for not giving one.
func check<Pointer>(
    _ pointer: Pointer?, _ action: String, _ code: CryptographyError.Code = .library
) throws(CryptographyError) -> Pointer {
    guard let pointer else { throw .library(action, code) }
    return pointer
}
