public import Cryptography
internal import RawStructuredFieldValues

/// Finds and checks the one signature of a request that carries a given tag.
///
/// Strict: exactly one such signature, every required component covered, none twice, `created` and `keyid` present,
/// no other algorithm named. Whether it is fresh is the caller's to say.
public struct MessageVerifier: Sendable {
    /// The `tag` of the signatures it looks for; nil takes the request's only signature.
    public var tag: String?
    /// Components that must be covered.
    public var required: [String]

    private static let maximumFieldBytes = 8192
    private static let maximumComponents = 32

    /// A verifier for one application's signatures.
    public init(tag: String?, required: [String]) {
        self.tag = tag
        self.required = required
    }

    /// Reads the signature of `parts`, without a key yet.
    public func read(_ parts: RequestParts) throws(MessageSignatureError) -> UnverifiedSignature {
        let inputs = try dictionary("signature-input", parts)
        let signatures = try dictionary("signature", parts)
        let (label, list, parameters) = try only(candidates(inputs))
        guard case .item(let item) = signatures[label], case .undecodedByteSequence(let text) = item.rfc9651BareItem,
            let signature = Base64.decode(text)
        else { throw MessageSignatureError(.missing, "there is no signature \(label)") }
        try check(parameters)
        return UnverifiedSignature(
            label: label, parameters: parameters, signature: signature, base: try SignatureBase.bytes(parts, list))
    }

    private typealias Candidate = (label: String, list: InnerList, parameters: SignatureParameters)

    private func candidates(_ inputs: OrderedMap<String, ItemOrInnerList>) throws(MessageSignatureError) -> [Candidate]
    {
        var found: [Candidate] = []
        for (label, member) in inputs {
            guard case .innerList(let list) = member else {
                throw MessageSignatureError(.malformed, "the signature input \(label) is not a list")
            }
            guard tag == nil || list.rfc9651Parameters["tag"] == tag.map(RFC9651BareItem.string) else { continue }
            guard list.bareInnerList.count <= Self.maximumComponents else {
                throw MessageSignatureError(.malformed, "the signature covers too many components")
            }
            found.append((label, list, try SignatureParameters(list)))
        }
        return found
    }

    private func only(_ candidates: [Candidate]) throws(MessageSignatureError) -> Candidate {
        let wanted = tag.map { "tagged \($0)" } ?? "at all"
        guard let first = candidates.first else { throw MessageSignatureError(.missing, "no signature \(wanted)") }
        guard candidates.count == 1 else { throw MessageSignatureError(.ambiguous, "several signatures \(wanted)") }
        return first
    }

    private func check(_ parameters: SignatureParameters) throws(MessageSignatureError) {
        for component in required where !parameters.components.contains(component) {
            throw MessageSignatureError(.uncovered, "the signature does not cover \(component)")
        }
        guard parameters.keyID != nil else { throw MessageSignatureError(.uncovered, "the signature has no keyid") }
        guard parameters.created != nil else { throw MessageSignatureError(.uncovered, "the signature has no created") }
        guard parameters.algorithm == nil || parameters.algorithm == "ed25519" else {
            throw MessageSignatureError(.unsupported, "the signature is not of ed25519")
        }
    }

    private func dictionary(
        _ name: String, _ parts: RequestParts
    ) throws(MessageSignatureError) -> OrderedMap<String, ItemOrInnerList> {
        let value = Array(try parts.value(of: name).utf8)
        guard value.count <= Self.maximumFieldBytes else {
            throw MessageSignatureError(.malformed, "\(name) is too long")
        }
        return try parseDictionary(value, name)
    }
}

/// A signature that was read but not checked yet: `parameters` are the sender's claim.
public struct UnverifiedSignature: Sendable {
    /// Its name in the message.
    public let label: String
    /// What it claims.
    public let parameters: SignatureParameters
    let signature: [UInt8]
    let base: [UInt8]

    /// Who claims to have signed.
    public var keyID: String { parameters.keyID ?? "" }

    /// When it claims to have been signed, in seconds since the epoch.
    public var created: Int64 { parameters.created ?? 0 }

    /// Throws `.invalid` unless `key` made this signature over this request.
    public func verify(with key: Ed25519PublicKey) throws(MessageSignatureError) {
        guard key.isValid(signature: signature, for: base) else {
            throw MessageSignatureError(.invalid, "the signature does not fit the request")
        }
    }
}

/// A structured-field dictionary, in full.
func parseDictionary(
    _ value: [UInt8], _ name: String
) throws(MessageSignatureError) -> OrderedMap<String, ItemOrInnerList> {
    do {
        var parser = StructuredFieldValueParser(value)
        return try parser.parseDictionaryFieldValue()
    } catch {
        throw MessageSignatureError(.malformed, "\(name) is not a structured-field dictionary")
    }
}
