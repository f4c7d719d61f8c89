internal import COpenSSL
internal import Glibc

/// A name that a certificate speaks for.
public enum SubjectName: Hashable, Sendable, CustomStringConvertible {
    /// A host name: letters, digits, dots, hyphens; a leading `*.` is a wildcard.
    case dns(String)
    /// An IPv4 (4 bytes) or IPv6 (16 bytes) address.
    case ip([UInt8])

    /// The address if `text` is one, else the host name; nil if it can be neither.
    public init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .ip(withUnsafeBytes(of: &v4) { Array($0) })
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self = .ip(withUnsafeBytes(of: &v6) { Array($0) })
        } else if Self.isHostName(text) {
            self = .dns(text.lowercased())
        } else {
            return nil
        }
    }

    /// The name, or the address as inet_ntop writes it.
    public var description: String {
        switch self {
        case .dns(let name): return name
        case .ip(let bytes):
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            guard bytes.count == 4 || bytes.count == 16,
                let start = inet_ntop(family, bytes, &text, socklen_t(text.count))
            else { return Hex.encode(bytes) }
            return String(cString: start)
        }
    }

    private static func isHostName(_ text: String) -> Bool {
        let labels = (text.hasPrefix("*.") ? text.dropFirst(2) : text[...])
            .split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                        default: false
                        }
                    }
            }
    }
}

/// An OpenSSL certificate: one owner, freed with it.
///
/// `@unchecked Sendable`: the X509 is not changed after its `Certificate` was made.
struct CertificateHandle: ~Copyable, @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { X509_free(pointer) }
}

/// An X.509 certificate and what this product asks of one.
public final class Certificate: Sendable {
    let handle: CertificateHandle
    /// PEM, this certificate only.
    public let pem: String
    /// DER.
    public let der: [UInt8]
    /// SHA-256 of `der`.
    public let fingerprint: [UInt8]
    /// Valid from, in seconds since the epoch.
    public let notBefore: Int64
    /// Valid until, in seconds since the epoch.
    public let notAfter: Int64
    /// The names it speaks for (subjectAltName: DNS and IP only), in its order.
    public let names: [SubjectName]

    /// The first certificate in `pem`.
    public convenience init(pem: String) throws(CryptographyError) {
        let bio = try MemoryBIO(reading: pem)
        let certificate = PEM_read_bio_X509(bio.pointer, nil, nil, nil)
        try self.init(CertificateHandle(owning: check(certificate, "cannot read a certificate from PEM", .malformed)))
    }

    init(_ handle: consuming CertificateHandle) throws(CryptographyError) {
        let bio = try MemoryBIO()
        try check(PEM_write_bio_X509(bio.pointer, handle.pointer), "cannot write a certificate as PEM")
        pem = bio.text
        der = try Self.der(of: handle)
        fingerprint = SHA256.digest(der)
        notBefore = try Self.seconds(of: X509_get0_notBefore(handle.pointer))
        notAfter = try Self.seconds(of: X509_get0_notAfter(handle.pointer))
        names = Self.names(of: handle)
        self.handle = handle
    }

    /// `sha256:` and the fingerprint in hex: what an operator compares.
    public var fingerprintText: String { "sha256:" + Hex.encode(fingerprint) }

    /// Whether the private key in `keyPEM` belongs to this certificate.
    public func matches(keyPEM: String) throws(CryptographyError) -> Bool {
        let key = try KeyHandle(pem: keyPEM)
        defer { ERR_clear_error() }
        return X509_check_private_key(handle.pointer, key.pointer) == 1
    }

    /// Whether `authority` signed this certificate. Says nothing of its dates or names.
    public func isSigned(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        guard let key = X509_get0_pubkey(authority.handle.pointer) else { return false }
        return X509_verify(handle.pointer, key) == 1
    }

    private static func der(of handle: borrowing CertificateHandle) throws(CryptographyError) -> [UInt8] {
        let size = i2d_X509(handle.pointer, nil)
        guard size > 0 else { throw .library("cannot write a certificate as DER") }
        var der = [UInt8](repeating: 0, count: Int(size))
        der.withUnsafeMutableBufferPointer { buffer in
            var next = buffer.baseAddress
            _ = i2d_X509(handle.pointer, &next)
        }
        return der
    }

    private static func seconds(of time: UnsafePointer<ASN1_TIME>?) throws(CryptographyError) -> Int64 {
        var parts = tm()
        try check(ASN1_TIME_to_tm(time, &parts), "cannot read a certificate's dates", .malformed)
        return Int64(timegm(&parts))
    }

    private static func names(of handle: borrowing CertificateHandle) -> [SubjectName] {
        guard let names = X509_get_ext_d2i(handle.pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(names)
        defer { cossl_names_free(list) }
        return (0..<cossl_names_count(list)).compactMap { index in
            guard let name = cossl_names_at(list, index), let value = cossl_name_string(name),
                let start = ASN1_STRING_get0_data(value)
            else { return nil }
            let bytes = Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(value))))
            return cossl_name_type(name) == GEN_IPADD ? .ip(bytes) : .dns(String(decoding: bytes, as: UTF8.self))
        }
    }
}
