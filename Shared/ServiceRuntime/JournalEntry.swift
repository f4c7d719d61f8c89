internal import CSystemd
internal import Glibc

/// The fields of one journal entry, in one buffer.
struct JournalEntry {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// Adds `NAME=value`; `name` must be a valid field name.
    mutating func add(_ name: String, _ value: String) {
        bytes += name.utf8
        bytes.append(UInt8(ascii: "="))
        bytes += value.utf8
        ends.append(bytes.count)
    }

    /// Adds a piece of metadata under the field name made from its key.
    mutating func add(fact key: String, _ value: String) {
        let name = JournalField.name(for: key)
        if name == "MESSAGE_ID" {
            // The journal wants 32 hex digits here; anything else would be lost among real ids.
            let digits = value.filter { $0 != "-" }
            guard digits.utf8.count == 32, digits.allSatisfy(\.isHexDigit) else { return }
            add(name, digits.lowercased())
        } else {
            add(name, value)
        }
    }

    /// Hands the entry to the journal. Falls back to standard error, so that no line is lost without a trace.
    func send() {
        let result = bytes.withUnsafeBufferPointer { buffer in
            var start = 0
            let vectors = ends.map { end in
                defer { start = end }
                return iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: buffer.baseAddress?.advanced(by: start)),
                    iov_len: end - start)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count))
        }
        if result < 0 { writeToStandardError(bytes.prefix(ends.first ?? 0) + [UInt8(ascii: "\n")]) }
    }
}

/// The names of journal fields.
enum JournalField {
    private static let reserved: Set<String> = [
        "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "SYSLOG_PID", "SYSLOG_TIMESTAMP", "LOGGER",
        "CODE_FILE", "CODE_LINE", "CODE_FUNC",
    ]

    /// The field for a metadata key: `cluster` → CLUSTER, `messageID` → MESSAGE_ID, `peer.url` → PEER_URL. Field names
    /// are A–Z, 0–9 and _, begin with a letter and have at most 64 letters (systemd.journal-fields(7)).
    static func name(for key: String) -> String {
        var name = ""
        var previousIsLower = false
        for byte in key.utf8.prefix(60) {
            let isUpper = (0x41...0x5a).contains(byte)
            if isUpper, previousIsLower { name += "_" }
            switch byte {
            case 0x61...0x7a: name.unicodeScalars.append(UnicodeScalar(byte - 0x20))
            case 0x30...0x39, 0x41...0x5a: name.unicodeScalars.append(UnicodeScalar(byte))
            default: name += "_"
            }
            previousIsLower = (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
        }
        let startsWell = name.utf8.first.map { (0x41...0x5a).contains($0) } ?? false
        name = String(name.prefix(62))
        return startsWell && !reserved.contains(name) ? name : "X_" + name
    }
}
