internal import Cryptography
internal import FrameCodec
internal import Model
internal import Postgres

/// A batch's name in the whole installation.
struct BatchKey: Hashable, Sendable {
    var agent: Int32
    var epoch: UInt64
    var sequence: UInt64
}

/// What an aggregator tells the others in each transaction that stores batches: which, so that they read exactly those.
/// PostgreSQL delivers it when, and only when, the transaction is committed.
struct CommitNotice: Hashable, Sendable {
    static let channel = "etcd_monitor_commits"
    /// PostgreSQL takes payloads below 8000 bytes: 20 bytes a key, four digits for three bytes, and the head.
    static let keysPerPayload = 280
    private static let keyBytes = 20

    /// Who commits: drawn at each start.
    var origin: UInt64
    /// From the first to the last receipt of the batches, in milliseconds since 1970.
    var receipts: ClosedRange<Int64>
    var keys: [BatchKey]

    init(origin: UInt64, receipts: ClosedRange<Int64>, keys: [BatchKey]) {
        self.origin = origin
        self.receipts = receipts
        self.keys = keys
    }

    /// The notice of `batches`; nil if there are none.
    init?(_ batches: [AcceptedBatch], by origin: UInt64) {
        let receipts = batches.map(\.receivedAt.milliseconds)
        guard let first = receipts.min(), let last = receipts.max() else { return nil }
        self.init(
            origin: origin, receipts: first...last,
            keys: batches.map {
                BatchKey(agent: $0.agent, epoch: $0.batch.header.epoch, sequence: $0.batch.header.sequence)
            })
    }

    /// `ORIGIN FIRST LAST KEYS`, in as few pieces as fit: hexadecimal, decimal, decimal, base64 of agent (4 bytes), epoch
    /// (8) and sequence (8) of each batch, big end first.
    var payloads: [String] {
        stride(from: 0, to: keys.count, by: Self.keysPerPayload).map { start in
            var bytes: [UInt8] = []
            for key in keys[start..<min(keys.count, start + Self.keysPerPayload)] {
                for shift in stride(from: 24, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: key.agent >> Int32(shift)))
                }
                for number in [key.epoch, key.sequence] {
                    for shift in stride(from: 56, through: 0, by: -8) {
                        bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
                    }
                }
            }
            let head = "\(String(origin, radix: 16)) \(receipts.lowerBound) \(receipts.upperBound)"
            return "\(head) \(Base64.encode(bytes))"
        }
    }

    /// Reads one of ``payloads``; nil for anything else.
    init?(payload: String) {
        let words = payload.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, let origin = UInt64(words[0], radix: 16), let first = Int64(words[1]),
            let last = Int64(words[2]), first <= last, let bytes = Base64.decode(String(words[3])),
            bytes.count % Self.keyBytes == 0
        else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            origin: origin, receipts: first...last,
            keys: stride(from: 0, to: bytes.count, by: Self.keyBytes).map { at in
                BatchKey(
                    agent: Int32(truncatingIfNeeded: number(at..<at + 4)), epoch: number(at + 4..<at + 12),
                    sequence: number(at + 12..<at + 20))
            })
    }

    /// Tells the others when the transaction of `connection` is committed.
    func send(on connection: PostgresConnection) async throws {
        try await connection.notify(Self.channel, payloads)
    }
}
