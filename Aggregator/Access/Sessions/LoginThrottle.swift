internal import Model

/// How often passwords may be tried: per account and per address, with a delay that doubles from failure to failure.
///
/// A value without a clock. An attempt counts as failed from the moment it begins, so that a thousand at once are not
/// a thousand free ones; success takes it back.
struct LoginThrottle: Sendable {
    /// What one key (an account or an address) is allowed.
    struct Allowance: Sendable {
        /// Failures before the first delay.
        var free: Int
        /// The longest delay. Short for accounts, so that nobody can lock another out for long.
        var longestDelay: Duration
    }

    private struct Record {
        var failures: Int
        var lastFailure: Timestamp
        var blockedUntil: Timestamp
    }

    /// Failures are forgotten this long after the last one.
    static let memory: Duration = .seconds(3600)

    let account: Allowance
    let address: Allowance
    /// How many keys are remembered at most; the ones that failed longest ago are forgotten first.
    let capacity: Int
    private var records: [String: Record] = [:]

    init(
        account: Allowance = Allowance(free: 5, longestDelay: .seconds(60)),
        address: Allowance = Allowance(free: 10, longestDelay: .seconds(900)), capacity: Int = 20_000
    ) {
        self.account = account
        self.address = address
        self.capacity = capacity
    }

    /// How many keys are remembered.
    var count: Int { records.count }

    /// Takes note of an attempt on `name` from `address`.
    ///
    /// - Returns: nil if it may go on; otherwise how long to wait, and the attempt is not counted.
    mutating func begin(name: String, from address: String, at now: Timestamp) -> Duration? {
        let keys = Self.keys(name, address)
        let wait = max(remaining(keys.account, now), remaining(keys.address, now))
        if wait > .zero { return wait }
        fail(keys.account, account, now)
        fail(keys.address, self.address, now)
        return nil
    }

    /// Forgets the failures on `name`, and the attempt's own from `address`.
    ///
    /// The address keeps its earlier failures: else one valid account would be a licence to guess at others.
    mutating func succeed(name: String, from address: String) {
        let keys = Self.keys(name, address)
        records[keys.account] = nil
        guard var record = records[keys.address] else { return }
        record.failures -= 1
        record.blockedUntil = record.lastFailure
        records[keys.address] = record.failures > 0 ? record : nil
    }

    private func remaining(_ key: String, _ now: Timestamp) -> Duration {
        guard let record = records[key], record.blockedUntil > now else { return .zero }
        return record.blockedUntil - now
    }

    private mutating func fail(_ key: String, _ allowance: Allowance, _ now: Timestamp) {
        let known = records[key].flatMap { now - $0.lastFailure < Self.memory ? $0.failures : nil } ?? 0
        if records[key] == nil { makeRoom(now) }
        let failures = known + 1
        records[key] = Record(
            failures: failures, lastFailure: now, blockedUntil: now + Self.delay(failures, allowance))
    }

    /// One second after the last free failure, doubled with each further one.
    static func delay(_ failures: Int, _ allowance: Allowance) -> Duration {
        guard failures >= allowance.free else { return .zero }
        let exponent = min(failures - allowance.free, 20)
        return min(.seconds(1 << exponent), allowance.longestDelay)
    }

    private mutating func makeRoom(_ now: Timestamp) {
        guard records.count >= capacity else { return }
        records = records.filter { now - $0.value.lastFailure < Self.memory }
        guard records.count >= capacity else { return }
        // A tenth at a time: sorting is paid once for many insertions.
        let oldest = records.sorted { $0.value.lastFailure < $1.value.lastFailure }.prefix(max(1, capacity / 10))
        for entry in oldest { records[entry.key] = nil }
    }

    /// Addresses of IPv6 count by their /64: that is what one host owns.
    private static func keys(_ name: String, _ address: String) -> (account: String, address: String) {
        let network =
            address.contains(":")
            ? address.split(separator: ":", omittingEmptySubsequences: false)
                .prefix(4).joined(separator: ":") : address
        return ("account \(name.lowercased())", "address \(network)")
    }
}
