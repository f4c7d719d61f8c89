internal import RawStructuredFieldValues

/// The bytes that are signed (RFC 9421, section 2.5): a line for each covered component, then the parameters.
enum SignatureBase {
    /// Of `parts`, covering what `list` names. Pure ASCII, or it throws.
    static func bytes(_ parts: RequestParts, _ list: InnerList) throws(MessageSignatureError) -> [UInt8] {
        var base: [UInt8] = []
        for component in try SignatureParameters(list).components {
            let value = try parts.value(of: component)
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 }) else {
                throw MessageSignatureError(.malformed, "\(component) has characters that cannot be signed")
            }
            base += Array("\"\(component)\": \(value)\n".utf8)
        }
        return base + Array("\"@signature-params\": ".utf8) + (try serialized(list))
    }

    /// The inner list as RFC 9651 serializes it.
    static func serialized(_ list: InnerList) throws(MessageSignatureError) -> [UInt8] {
        do {
            var serializer = StructuredFieldValueSerializer()
            return try serializer.writeListFieldValue([.innerList(list)])
        } catch {
            throw MessageSignatureError(.malformed, "a signature parameter cannot be written")
        }
    }
}

extension RequestParts {
    /// The text that is signed when `parameters` are: for tests and for explaining a refusal.
    public func signatureBase(_ parameters: SignatureParameters) throws(MessageSignatureError) -> String {
        String(decoding: try SignatureBase.bytes(self, parameters.innerList), as: UTF8.self)
    }
}
