internal import COpenSSL

/// What a new certificate will say.
struct CertificateTemplate {
    /// The common name. It ends at 64 letters (RFC 5280, ub-common-name); who checks names checks the alternatives.
    var subject: String
    /// In seconds since the epoch. Validity starts five minutes earlier, for clocks that lag.
    var now: Int64
    /// How long it is valid.
    var days: Int64
    /// In the words of OpenSSL's x509v3_config(5).
    var extensions: [(nid: Int32, value: String)]

    /// The certificate of `key`, signed with `issuerKey`; without an issuer it signs itself.
    func sign(
        _ key: borrowing KeyHandle, issuer: Certificate?, issuerKey: borrowing KeyHandle
    ) throws(CryptographyError) -> Certificate {
        let handle = CertificateHandle(owning: try check(X509_new(), "cannot make a certificate"))
        let pointer = handle.pointer
        let issuerPointer = issuer?.handle.pointer ?? pointer
        try check(X509_set_version(pointer, 2), "cannot set the version")
        try setSerial(pointer)
        try check(X509_set_pubkey(pointer, key.pointer), "cannot set the public key")
        try setSubject(pointer)
        try check(X509_set_issuer_name(pointer, X509_get_subject_name(issuerPointer)), "cannot set the issuer")
        try setDates(pointer)
        for (nid, value) in extensions { try add(nid, value, to: pointer, issuer: issuerPointer) }
        try add(NID_authority_key_identifier, "keyid:always", to: pointer, issuer: issuerPointer)
        guard X509_sign(pointer, issuerKey.pointer, EVP_sha256()) > 0 else {
            throw .library("cannot sign a certificate")
        }
        // Read back, so that what is handed out is what others will read.
        let bio = try MemoryBIO()
        try check(PEM_write_bio_X509(bio.pointer, pointer), "cannot write a certificate as PEM")
        return try Certificate(pem: bio.text)
    }

    /// 127 random bits, positive, never with a leading zero byte.
    private func setSerial(_ pointer: OpaquePointer) throws(CryptographyError) {
        var bytes = SecureRandom.bytes(16)
        bytes[0] = bytes[0] & 0x7f | 0x40
        let number = try check(BN_bin2bn(bytes, Int32(bytes.count), nil), "cannot make a serial number")
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil else {
            throw .library("cannot set the serial number")
        }
    }

    private func setSubject(_ pointer: OpaquePointer) throws(CryptographyError) {
        let text = Array(String(subject.prefix(64)).utf8)
        let name = X509_get_subject_name(pointer)
        let kind = V_ASN1_UTF8STRING
        try check(
            X509_NAME_add_entry_by_NID(name, NID_commonName, kind, text, Int32(text.count), -1, 0),
            "cannot set the subject")
    }

    private func setDates(_ pointer: OpaquePointer) throws(CryptographyError) {
        guard ASN1_TIME_set(X509_getm_notBefore(pointer), Int(now - 300)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(pointer), Int(now + days * 86_400)) != nil
        else { throw .library("cannot set the dates") }
    }

    private func add(
        _ nid: Int32, _ value: String, to pointer: OpaquePointer, issuer: OpaquePointer
    ) throws(CryptographyError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, pointer, nil, nil, 0)
        let made = X509V3_EXT_conf_nid(nil, &context, nid, value)
        let item = try check(made, "cannot make the certificate extension \(value)", .malformed)
        defer { X509_EXTENSION_free(item) }
        try check(X509_add_ext(pointer, item, -1), "cannot add a certificate extension")
    }
}
