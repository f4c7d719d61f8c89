internal import ConfigurationFile

/// `http` or `https`, a host and a port: as much of a URL as the configuration needs.
struct WebAddress {
    var isSecure: Bool
    /// As written, an IPv6 address in brackets.
    var authority: String
    var port: Int
    /// Without its first slash.
    var path: String

    /// The URL up to the path, which is what requests are sent to.
    var origin: String { (isSecure ? "https://" : "http://") + authority }

    init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" }
        path = String(rest.dropFirst(authority.count).dropFirst())
        guard !authority.contains("@"), !authority.contains("?"), !authority.contains("#"),
            let address = NetworkAddress(String(authority), defaultPort: isSecure ? 443 : 80),
            (1...65535).contains(address.port)
        else { return nil }
        self.authority = String(authority)
        port = address.port
    }
}
