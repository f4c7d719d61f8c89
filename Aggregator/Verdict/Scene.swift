internal import Model

/// A cluster as a judge sees it: every member's readings, now and as usual. Pure.
struct Scene: Sendable {
    /// A reading now, and over the hour before.
    struct Reading: Hashable, Sendable {
        var now: Double
        var usual: Double?
    }

    /// The network from one member to another.
    struct Link: Hashable, Sendable {
        /// The peer's name.
        var to: String
        var roundTrip: Reading
        /// Messages a second that could not be sent.
        var sendFailures: Double
    }

    /// One member with its process and host.
    struct Member: Sendable {
        var name: String
        /// The `instance` of its series, and its host's.
        var instance: String
        var node: String
        var isLeader = false
        /// Why its agent says that it does not answer; nil if it does.
        var downReason: String?
        /// NOSPACE, CORRUPT.
        var alarms: [String] = []
        var readings: [Gauge: Reading] = [:]
        var links: [Link] = []
        /// etcd's settings by the flag's name.
        var flags: [String: String] = [:]

        subscript(gauge: Gauge) -> Double? { readings[gauge]?.now }

        /// 0 where nothing was read.
        func value(_ gauge: Gauge) -> Double { self[gauge] ?? 0 }

        /// `m2 (leader)`
        var title: String { isLeader ? "\(name) (leader)" : name }
    }

    var cluster: String
    var at: Timestamp
    /// Seconds over which a reading is taken.
    var window = 60
    var members: [Member]

    func member(_ name: String) -> Member? { members.first { $0.name == name } }

    /// The other members.
    func others(than member: Member) -> [Member] { members.filter { $0.name != member.name } }

    /// The middle of what the others read; nil if there are none.
    func peers(_ gauge: Gauge, without member: Member) -> Double? {
        Self.median(others(than: member).compactMap { $0[gauge] })
    }

    /// Whether a member reads at least `limit`, and more than the others or than usual by `factor`.
    ///
    /// A whole fleet on slow disks has slow disks; a member that stands out has a culprit of its own. Without peers
    /// and history the limit decides.
    func standsOut(_ member: Member, _ gauge: Gauge, from limit: Double, by factor: Double = 2.5) -> Bool {
        guard let reading = member.readings[gauge], reading.now >= limit else { return false }
        let standards = [reading.usual, peers(gauge, without: member)].compactMap { $0 }
        return standards.isEmpty || standards.contains { reading.now >= factor * max($0, limit / 1000) }
    }

    /// `the mean WAL fsync of m2 is 62 ms; usually 3.1 ms, its peers 2.9 ms`
    func told(_ gauge: Gauge, of member: Member) -> String {
        let definition = gauge.definition
        guard let reading = member.readings[gauge] else { return "\(definition.title) of \(member.name) is unknown" }
        var standards: [String] = []
        if let usual = reading.usual { standards.append("usually \(definition.unit.text(usual))") }
        if let peers = peers(gauge, without: member), definition.hasUsual {
            standards.append("its peers \(definition.unit.text(peers))")
        }
        let now = "\(definition.title) of \(member.name) is \(definition.unit.text(reading.now))"
        return standards.isEmpty ? now : now + " (" + standards.joined(separator: ", ") + ")"
    }

    static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let ordered = values.sorted()
        let middle = ordered.count / 2
        return ordered.count.isMultiple(of: 2) ? (ordered[middle - 1] + ordered[middle]) / 2 : ordered[middle]
    }
}

extension Gauge.Unit {
    /// A number as a sentence shows it.
    func text(_ value: Double) -> String {
        switch self {
        case .seconds: value >= 1 ? "\(Self.digits(value)) s" : "\(Self.digits(value * 1000)) ms"
        case .share: "\(Self.digits(value * 100)) %"
        case .perSecond: "\(Self.digits(value))/s"
        case .bytesPerSecond:
            value >= 1e6 ? "\(Self.digits(value / 1e6)) MB/s" : "\(Self.digits(value / 1e3)) kB/s"
        case .count: Self.digits(value)
        case .cores: "\(Self.digits(value)) CPUs"
        }
    }

    /// Whole numbers above a hundred, two places below one.
    private static func digits(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let places: Double = abs(value) >= 20 ? 1 : abs(value) >= 1 ? 10 : 100
        let rounded = (value * places).rounded() / places
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
