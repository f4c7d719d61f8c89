public import Cryptography
internal import RawStructuredFieldValues

/// The two header values of a signature.
public struct SignatureFields: Sendable, Equatable {
    /// For `Signature-Input`.
    public var input: String
    /// For `Signature`.
    public var signature: String
}

/// Signs requests with one key.
public struct MessageSigner: Sendable {
    /// Names the signature among others in the same message: `s`.
    public var label: String
    private let key: Ed25519PrivateKey

    /// A signer.
    public init(key: Ed25519PrivateKey, label: String = "s") {
        self.key = key
        self.label = label
    }

    /// Signs `parts` as `parameters` say. The headers it covers must be in `parts`.
    public func sign(
        _ parts: RequestParts, _ parameters: SignatureParameters
    ) throws(MessageSignatureError) -> SignatureFields {
        let list = parameters.innerList
        let base = try SignatureBase.bytes(parts, list)
        let signature: [UInt8]
        do {
            signature = try key.sign(base)
        } catch {
            throw MessageSignatureError(.invalid, "the key cannot sign: \(error)")
        }
        let input = String(decoding: try SignatureBase.serialized(list), as: UTF8.self)
        return SignatureFields(
            input: "\(label)=\(input)", signature: "\(label)=:\(Base64.encode(signature)):")
    }
}
