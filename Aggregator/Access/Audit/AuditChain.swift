internal import Cryptography
internal import Model

/// How entries hang together: each one's hash covers the hash before it, so none can be changed, taken out or put in
/// without all later hashes changing.
///
/// The hash is SHA-256 over: the text `etcd-monitor audit 1`, the hash before (32 bytes, zeros for the first), sequence
/// and milliseconds (8 bytes each, big-endian), then actor, address, action, object, cluster ("" for none), outcome and
/// reason, each as 4 bytes of length (big-endian) and UTF-8. Lengths come first, so that no two entries read alike.
enum AuditChain {
    /// What stands before the first entry.
    static let start = [UInt8](repeating: 0, count: 32)

    static func hash(after previous: [UInt8], sequence: Int64, at: Timestamp, event: AuditEvent) -> [UInt8] {
        var bytes = Array("etcd-monitor audit 1".utf8)
        bytes += previous
        append(UInt64(bitPattern: sequence), 8, to: &bytes)
        append(UInt64(bitPattern: at.milliseconds), 8, to: &bytes)
        let texts = [
            event.actor, event.address, event.action, event.object, event.cluster ?? "", event.outcome.rawValue,
            event.reason,
        ]
        for text in texts {
            append(UInt64(text.utf8.count), 4, to: &bytes)
            bytes += text.utf8
        }
        return SHA256.digest(bytes)
    }

    private static func append(_ number: UInt64, _ width: Int, to bytes: inout [UInt8]) {
        for shift in stride(from: (width - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
}

/// Walks a chain from its first entry and names the first that does not fit.
struct AuditWalk {
    private(set) var sequence: Int64 = 0
    private(set) var hash = AuditChain.start

    /// Takes the next entry by sequence.
    ///
    /// - Returns: what is wrong with it, nil if it fits.
    mutating func take(_ entry: AuditEntry) -> AuditBreak? {
        guard entry.sequence == sequence + 1 else {
            return AuditBreak(sequence: sequence + 1, problem: "the entry is missing")
        }
        let expected = AuditChain.hash(after: hash, sequence: entry.sequence, at: entry.at, event: entry.event)
        guard expected == entry.hash else {
            return AuditBreak(
                sequence: entry.sequence, problem: "the entry, or the one before it, is not as it was written")
        }
        sequence = entry.sequence
        hash = entry.hash
        return nil
    }

    /// Whether the chain ends where `head` says it does.
    func end(head: (sequence: Int64, hash: [UInt8])) -> AuditBreak? {
        if head.sequence > sequence { return AuditBreak(sequence: sequence + 1, problem: "the entry is missing") }
        if head.sequence < sequence || head.hash != hash {
            return AuditBreak(sequence: head.sequence + 1, problem: "the entry is not known to the chain's head")
        }
        return nil
    }
}

/// The first place where the chain does not hold.
public struct AuditBreak: Hashable, Sendable {
    /// The entry concerned.
    public var sequence: Int64
    /// What is wrong with it.
    public var problem: String
}

/// The result of walking the whole chain.
public enum AuditVerification: Hashable, Sendable {
    /// All `entries` are as they were written. `head` is the last hash in hex: kept elsewhere, it proves later that
    /// nothing before it was rewritten.
    case intact(entries: Int64, head: String)
    /// The first entry that does not fit.
    case broken(AuditBreak)
}
