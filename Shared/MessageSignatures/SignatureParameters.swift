internal import RawStructuredFieldValues

/// What a signature covers and says of itself: RFC 9421's `@signature-params`.
public struct SignatureParameters: Sendable, Equatable {
    /// Component names in order, lower case.
    public var components: [String]
    /// When it was made, in seconds since the epoch.
    public var created: Int64?
    /// When it ends to count, in seconds since the epoch.
    public var expires: Int64?
    /// A value used once.
    public var nonce: String?
    /// The algorithm, if it is named.
    public var algorithm: String?
    /// Whose key it is.
    public var keyID: String?
    /// Which application's signature it is.
    public var tag: String?

    /// Parameters that were not given are left out of the signature.
    public init(
        components: [String], created: Int64? = nil, expires: Int64? = nil, nonce: String? = nil,
        algorithm: String? = nil, keyID: String? = nil, tag: String? = nil
    ) {
        self.components = components
        self.created = created
        self.expires = expires
        self.nonce = nonce
        self.algorithm = algorithm
        self.keyID = keyID
        self.tag = tag
    }
}

extension SignatureParameters {
    /// As a structured field's inner list, parameters in the order of RFC 9421's section 2.3.
    var innerList: InnerList {
        var list = BareInnerList()
        for component in components {
            list.append(
                Item(bareItem: RFC9651BareItem.string(component), parameters: OrderedMap<String, RFC9651BareItem>()))
        }
        var parameters = OrderedMap<String, RFC9651BareItem>()
        if let created { parameters["created"] = .integer(created) }
        if let expires { parameters["expires"] = .integer(expires) }
        if let nonce { parameters["nonce"] = .string(nonce) }
        if let algorithm { parameters["alg"] = .string(algorithm) }
        if let keyID { parameters["keyid"] = .string(keyID) }
        if let tag { parameters["tag"] = .string(tag) }
        return InnerList(bareInnerList: list, parameters: parameters)
    }

    /// Reads an inner list. Components must be plain names; each parameter must have its type; unknown parameters are
    /// covered by the signature and otherwise ignored.
    init(_ list: InnerList) throws(MessageSignatureError) {
        var components: [String] = []
        for item in list.bareInnerList {
            guard case .string(let name) = item.rfc9651BareItem else {
                throw MessageSignatureError(.malformed, "a covered component is not a string")
            }
            guard item.rfc9651Parameters.isEmpty else {
                throw MessageSignatureError(.unsupported, "the component \(name) has parameters")
            }
            guard name == name.lowercased() else {
                throw MessageSignatureError(.malformed, "the component \(name) is not in lower case")
            }
            guard !components.contains(name) else {
                throw MessageSignatureError(.ambiguous, "the component \(name) is covered twice")
            }
            components.append(name)
        }
        self.init(components: components)
        for (name, value) in list.rfc9651Parameters {
            switch (name, value) {
            case ("created", .integer(let seconds)): created = seconds
            case ("expires", .integer(let seconds)): expires = seconds
            case ("nonce", .string(let text)): nonce = text
            case ("alg", .string(let text)): algorithm = text
            case ("keyid", .string(let text)): keyID = text
            case ("tag", .string(let text)): tag = text
            case ("created", _), ("expires", _), ("nonce", _), ("alg", _), ("keyid", _), ("tag", _):
                throw MessageSignatureError(.malformed, "the parameter \(name) is of the wrong type")
            default: break
            }
        }
    }
}
