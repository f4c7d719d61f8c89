/// Refusals of unknown peers, counted instead of recorded one by one: nobody can fill the disk with them.
///
/// A value. At most `capacity` sources and reasons are told apart between two drains; the rest is one sum.
struct StrangerCounts: Sendable {
    struct Key: Hashable, Sendable {
        var source: String
        var reason: String
    }

    let capacity: Int
    private var counts: [Key: Int] = [:]
    private var others = 0

    init(capacity: Int = 32) {
        self.capacity = capacity
    }

    mutating func count(source: String, reason: String) {
        let key = Key(source: String(source.prefix(64)), reason: String(reason.prefix(64)))
        if let known = counts[key] {
            counts[key] = known + 1
        } else if counts.count < capacity {
            counts[key] = 1
        } else {
            others += 1
        }
    }

    /// What to record for the minute that ends, most frequent first; the counts start anew.
    mutating func drain() -> [AuditEvent] {
        defer {
            counts = [:]
            others = 0
        }
        let sorted = counts.sorted {
            ($1.value, $0.key.source, $0.key.reason) < ($0.value, $1.key.source, $1.key.reason)
        }
        var events = sorted.map { key, count in
            AuditEvent(
                actor: "stranger", address: key.source, action: "request", outcome: .refused,
                reason: "\(key.reason), \(count) times in a minute")
        }
        if others > 0 {
            events.append(
                AuditEvent(
                    actor: "stranger", address: "", action: "request", outcome: .refused,
                    reason: "\(others) more refusals of further addresses in a minute"))
        }
        return events
    }
}
