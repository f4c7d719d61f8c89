// MessageSignatures: RFC 9421 signatures of HTTP requests with Ed25519, and RFC 9530 digests of their bodies. Pure
// functions over a request's parts. Leaves to others which components must be covered, whose key it is, and how old a
// signature may be.

/// What of a request a signature can cover.
public struct RequestParts: Sendable {
    /// POST, GET, …
    public var method: String
    /// `https` or `http`.
    public var scheme: String
    /// Host and port, as the Host header has them.
    public var authority: String
    /// From the first slash to the question mark.
    public var path: String
    /// After the question mark; nil without one.
    public var query: String?
    /// In order; names of any case, values as received.
    public var headers: [(name: String, value: String)]

    /// As a server sees it.
    /// - Parameter target: the request target in origin form, `/path?query`.
    public init(
        method: String, scheme: String, authority: String, target: String, headers: [(name: String, value: String)]
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.headers = headers
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        query = parts.count > 1 ? String(parts[1]) : nil
    }

    /// As a client sees it: an absolute URL without fragment or user.
    public init(
        method: String, url: String, headers: [(name: String, value: String)]
    ) throws(MessageSignatureError) {
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://"), !url.contains("#") else {
            throw MessageSignatureError(.malformed, "not an absolute URL")
        }
        let rest = url[url.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard rest.startIndex < end, !rest[..<end].contains("@") else {
            throw MessageSignatureError(.malformed, "a URL without a host, or with a user")
        }
        self.init(
            method: method, scheme: url[..<colon].lowercased(), authority: String(rest[..<end]),
            target: String(rest[end...]), headers: headers)
    }
}

extension RequestParts {
    /// The value of a covered component (RFC 9421, sections 2.1 and 2.2).
    func value(of component: String) throws(MessageSignatureError) -> String {
        switch component {
        case "@method": return method
        case "@scheme": return scheme.lowercased()
        case "@authority": return normalisedAuthority
        case "@path": return path.isEmpty ? "/" : path
        case "@query": return "?" + (query ?? "")
        case "@request-target": return target
        case "@target-uri": return "\(scheme)://\(authority)\(target)"
        case _ where component.hasPrefix("@"):
            throw MessageSignatureError(.unsupported, "the component \(component) is not supported")
        default: return try fieldValue(component)
        }
    }

    private var target: String { (path.isEmpty ? "/" : path) + (query.map { "?" + $0 } ?? "") }

    /// Lower case, without the scheme's default port (RFC 9110, section 4.2.3).
    private var normalisedAuthority: String {
        let authority = authority.lowercased()
        let port = scheme.lowercased() == "https" ? ":443" : ":80"
        return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
    }

    /// All lines of a field, each trimmed and unfolded, joined by `, `.
    private func fieldValue(_ name: String) throws(MessageSignatureError) -> String {
        let lines = headers.filter { $0.name.lowercased() == name }.map { unfolded($0.value) }
        guard !lines.isEmpty else { throw MessageSignatureError(.missing, "the request has no \(name)") }
        return lines.joined(separator: ", ")
    }
}

/// Without white space at the ends, and with each obsolete line folding (RFC 9112, section 5.2) as one space.
private func unfolded(_ value: String) -> String {
    var result: [UInt8] = []
    var pendingBreak = false
    for byte in value.utf8 {
        switch byte {
        case 0x0d, 0x0a:
            while result.last == 0x20 || result.last == 0x09 { result.removeLast() }
            pendingBreak = true
        case 0x20, 0x09:
            if !pendingBreak, !result.isEmpty { result.append(byte) }
        default:
            if pendingBreak {
                result.append(0x20)
                pendingBreak = false
            }
            result.append(byte)
        }
    }
    while result.last == 0x20 || result.last == 0x09 { result.removeLast() }
    return String(decoding: result, as: UTF8.self)
}
