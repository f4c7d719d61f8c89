/// Parts of a URL.
enum URLText {
    /// A cluster's name, which is of [a-z0-9-] and stands in a URL as it is.
    ///
    /// - Throws: for any other text: there is no cluster of that name.
    static func cluster(_ cluster: String) throws(CommandFailure) -> String {
        let isPlain = cluster.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isPlain, !cluster.isEmpty else { throw CommandFailure("no cluster is called \(cluster)") }
        return cluster
    }

    /// `text` as the value of a query's parameter: all but RFC 3986's unreserved characters as %XX.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }
}
