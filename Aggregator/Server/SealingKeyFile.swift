import Cryptography
import DurableFiles
import Glibc
import Notifications

/// The installation's key for secrets in the database, made at first start: a file that only the service's user reads, so
/// that a copy of the database alone opens nothing. A further aggregator gets it when it joins.
enum SealingKeyFile {
    static let name = "sealing.key"

    /// 64 hex digits; nil if there is none below `directory`.
    static func existing(directory: String) throws -> String? {
        let path = "\(directory)/\(name)"
        guard access(path, F_OK) == 0 else { return nil }
        return String(decoding: try AtomicFile.read(path).prefix { $0 != 0x0a }, as: UTF8.self)
    }

    /// The key below `directory`; made if there is none.
    static func load(directory: String) throws -> SealingKey {
        if let text = try existing(directory: directory) {
            guard let bytes = Hex.decode(text), bytes.count == 32 else {
                throw SealingKeyError(
                    description: "\(directory)/\(name) holds no key: 64 hex digits; restore it, or move it away and "
                        + "enter the channels' secrets again")
            }
            return SealingKey(bytes)
        }
        let bytes = SecureRandom.bytes(32)
        try Directory.create(directory)
        try AtomicFile.write(Array(Hex.encode(bytes).utf8) + [0x0a], to: "\(directory)/\(name)")
        return SealingKey(bytes)
    }
}

/// What is wrong with the key's file, and what to do.
struct SealingKeyError: Error, CustomStringConvertible {
    var description: String
}
