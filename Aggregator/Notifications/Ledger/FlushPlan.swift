internal import Model

/// An alert in its group.
struct GroupEntry: Hashable, Sendable {
    var alert: Alert
    /// `firing` or `resolved`: as it is.
    var state: String
    /// As it was last told; nil for not at all.
    var announced: String?
    /// Whether it was kept back the last time the group was looked at.
    var wasHidden = false
    /// What keeps it back now; empty if it is told.
    var suppressions: [Suppression] = []
    /// Who has taken it up.
    var acknowledgedBy: String?

    fileprivate var fires: Bool { state == "firing" }
    fileprivate var isAcknowledged: Bool { suppressions.contains { $0.word == "acknowledgement" } }
    private var isHushed: Bool { suppressions.contains { $0.word != "acknowledgement" } }

    /// Whether it stands in what is told. An end is told to whom the beginning was told, silenced or not: whoever opened a
    /// ticket wants it closed. Whoever has taken an alert up before it was told knows of it.
    fileprivate var isVisible: Bool {
        if fires { return !isHushed && !(isAcknowledged && announced != "firing") }
        return announced == "firing" || (announced == nil && !wasHidden && suppressions.isEmpty)
    }

    /// Why it is not told, if it is not.
    fileprivate var hiddenBy: String? {
        guard fires, !isVisible else { return nil }
        return (suppressions.first { $0.word != "acknowledgement" } ?? suppressions.first)?.word
    }
}

/// What to do with a group that is due. A value: the ledger carries it out.
struct FlushPlan: Hashable, Sendable {
    /// An inhibition ends with its cause, which wakes the group; should that be missed, it is looked at so often.
    static let recheck: Duration = .seconds(60)

    /// Whether a notification is made.
    var tells: Bool
    /// Whether it only says that all that fires has been taken up.
    var acknowledges = false
    /// What it says, as indices of the entries.
    var told: [Int] = []
    /// Ended without having been told: forgotten.
    var dropped: [Int] = []
    /// Kept back, and by what.
    var hidden: [Int: String] = [:]
    /// When the group is looked at again; nil when it is over.
    var next: Timestamp?

    /// - Parameter wasAcknowledged: whether it was already told that all that fires has been taken up.
    init(
        _ entries: [GroupEntry], lastSentAt: Timestamp?, wasAcknowledged: Bool = false, timing: RouteTiming,
        at now: Timestamp
    ) {
        let visible = entries.indices.filter { entries[$0].isVisible }
        let firing = visible.filter { entries[$0].fires }
        let waiting = firing.filter { !entries[$0].isAcknowledged }
        let hasNews = visible.contains { entries[$0].announced != entries[$0].state }
        let isRepeat = lastSentAt.map { now - $0 >= timing.repeatInterval } ?? true
        tells = hasNews || (!waiting.isEmpty && isRepeat)
        acknowledges = !tells && !firing.isEmpty && waiting.isEmpty && !wasAcknowledged
        told = tells || acknowledges ? visible : []
        dropped = entries.indices.filter { !entries[$0].fires && !entries[$0].isVisible }
        for at in entries.indices { hidden[at] = entries[at].hiddenBy }
        let fires = entries.contains { $0.fires }
        if fires {
            let ends = entries.filter(\.fires).flatMap(\.suppressions).compactMap(\.end).filter { $0 > now }
            let repeats: Timestamp? =
                waiting.isEmpty ? nil : (tells ? now : lastSentAt ?? now) + timing.repeatInterval
            let recheck: Timestamp? = hidden.values.contains("inhibition") ? now + Self.recheck : nil
            next = (ends + [repeats, recheck].compactMap { $0 }).min() ?? .distantFuture
        } else if tells {
            // Remembered for a while, so that an alert that flaps is not told each time.
            next = now + timing.groupInterval
        } else {
            next = nil
        }
    }
}

extension Timestamp {
    /// What PostgreSQL calls infinity.
    static let distantFuture = Timestamp(milliseconds: .max)
}
