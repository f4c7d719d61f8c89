/// Whether the probe may write now. A value: what is seen comes in, an obstacle or none comes out.
struct ProbeGate: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What the host says, read just before a record.
    struct HostReading: Sendable {
        /// `full avg10` of /proc/pressure/io in per cent; nil on kernels without it.
        var pressure: Double?
        var freeBytes: Double?
        var sizeBytes: Double?
    }

    /// After missed heartbeats, a slow apply or a change of leader.
    static let restAfterIncident = Duration.seconds(60)
    /// After a record of ours that took too long: a slow disk is still measured, twice a minute.
    static let restAfterSlowRecord = Duration.seconds(30)
    /// After pressure or little space: they come and go.
    static let restAfterPressure = Duration.seconds(10)
    /// A record of ours may take so long.
    static let slowRecordSeconds = 0.1
    /// What is known of a member is believed so long.
    static let vitalsAge = Duration.seconds(15)
    /// The filesystem needs a tenth, and so many bytes, free.
    static let freeShare = 0.1
    static let freeBytes = Double(512 << 20)

    private let pressureLimit: Double
    private(set) var vitals = MemberVitals()
    private var heardAt: Instant?
    private var rests: [ProbeObstacle: Instant] = [:]
    /// Whether a check of the disk runs.
    var isChecking = false

    init(pressureLimit: Double) {
        self.pressureLimit = pressureLimit
    }

    /// Notes what is known of the member now.
    mutating func note(_ new: MemberVitals, at now: Instant) {
        if heardAt != nil {
            let moved: [(ProbeObstacle, Double?, Double?)] = [
                (.missedHeartbeats, vitals.heartbeatFailures, new.heartbeatFailures),
                (.slowApply, vitals.slowApplies, new.slowApplies),
                (.leaderChange, vitals.leaderChanges, new.leaderChanges),
                (.leaderChange, vitals.term.map { Double($0) }, new.term.map { Double($0) }),
            ]
            // A counter that fell belongs to a new process: that is told by the member not answering meanwhile.
            for case (let obstacle, let before?, let after?) in moved where after > before {
                rests[obstacle] = now + Self.restAfterIncident
            }
        }
        var merged = new
        // What was not read this time is compared with what was read last.
        merged.heartbeatFailures = new.heartbeatFailures ?? vitals.heartbeatFailures
        merged.slowApplies = new.slowApplies ?? vitals.slowApplies
        merged.leaderChanges = new.leaderChanges ?? vitals.leaderChanges
        merged.term = new.term ?? vitals.term
        merged.walSyncs = new.walSyncs ?? vitals.walSyncs
        vitals = merged
        heardAt = now
    }

    /// Notes how long a record of ours took.
    mutating func note(recordSeconds: Double, at now: Instant) {
        if recordSeconds > Self.slowRecordSeconds { rests[.ownLatency] = now + Self.restAfterSlowRecord }
    }

    /// Notes what the host says.
    mutating func note(_ host: HostReading, at now: Instant) {
        if let pressure = host.pressure, pressure > pressureLimit {
            rests[.ioPressure] = now + Self.restAfterPressure
        }
        if let free = host.freeBytes, let size = host.sizeBytes,
            free < max(Self.freeBytes, size * Self.freeShare)
        {
            rests[.lowSpace] = now + Self.restAfterPressure
        }
    }

    /// Why nothing may be written now, the gravest first; nil if all is well.
    func obstacle(at now: Instant) -> ProbeObstacle? {
        if let obstacle = obstacleOfMember(at: now) { return obstacle }
        if isChecking { return .diskCheck }
        return incident(at: now) { !$0.forbidsChecks }
    }

    /// Why the member is not to be disturbed now, also not by a check; nil if all is well.
    func obstacleOfMember(at now: Instant) -> ProbeObstacle? {
        guard let heardAt, now - heardAt < Self.vitalsAge, vitals.isReachable else { return .memberUnreachable }
        if !vitals.hasLeader { return .noLeader }
        if vitals.isQuorumDegraded { return .degradedQuorum }
        if vitals.isLearner { return .learner }
        if vitals.isSnapshotting { return .snapshot }
        if vitals.isDefragmenting { return .defragment }
        return incident(at: now, where: \.forbidsChecks)
    }

    private func incident(at now: Instant, where isMeant: (ProbeObstacle) -> Bool) -> ProbeObstacle? {
        ProbeObstacle.allCases.first { isMeant($0) && rests[$0].map { now < $0 } ?? false }
    }
}
