public import Model

/// Why an alert that fires is not told.
public enum Suppression: Hashable, Sendable {
    /// A silence or maintenance window of this id, in force until then.
    case silence(id: String, until: Timestamp)
    /// Another alert, of this name, that it follows from.
    case inhibition(by: String)
    /// Someone has taken it up; until then if snoozed.
    case acknowledgement(until: Timestamp?)

    /// `silence`, `inhibition`, `acknowledgement`.
    public var word: String {
        switch self {
        case .silence: "silence"
        case .inhibition: "inhibition"
        case .acknowledgement: "acknowledgement"
        }
    }

    /// When it ends at the latest; nil if that is not known.
    var end: Timestamp? {
        switch self {
        case .silence(_, let until): until
        case .inhibition: nil
        case .acknowledgement(let until): until
        }
    }
}

/// All that keeps alerts back at one instant. A value: who asks decides from what it was read.
public struct Suppressions: Sendable {
    /// Those in force, with the end of their window.
    private let silences: [(silence: Silence, until: Timestamp)]
    /// By fingerprint.
    private let acknowledgements: [String: Acknowledgement]
    private let inhibitions: [InhibitionRule]
    /// Labels of what fires.
    private let firing: [Labels]

    /// - Parameter firing: labels of the alerts that fire and may be the cause of others.
    public init(
        silences: [Silence], acknowledgements: [Acknowledgement], inhibitions: [InhibitionRule], firing: [Labels],
        at now: Timestamp
    ) {
        self.silences = silences.compactMap { silence in silence.activeUntil(at: now).map { (silence, $0) } }
        self.acknowledgements = Dictionary(
            acknowledgements.filter { $0.holds(at: now) }.map { ($0.fingerprint, $0) }
        ) { first, _ in first }
        self.inhibitions = inhibitions
        self.firing = firing.filter { labels in inhibitions.contains { $0.mayFollow(from: labels) } }
    }

    /// All reasons, silences first; of several silences the one that ends last.
    public func reasons(for labels: Labels) -> [Suppression] {
        var reasons: [Suppression] = []
        if let last = silences.filter({ $0.silence.matches(labels) }).max(by: { $0.until < $1.until }) {
            reasons.append(.silence(id: last.silence.id, until: last.until))
        }
        if let cause = cause(of: labels) { reasons.append(.inhibition(by: cause["alertname"] ?? "")) }
        if let taken = acknowledgements[labels.fingerprint] {
            reasons.append(.acknowledgement(until: taken.until))
        }
        return reasons
    }

    /// Who has taken up the alert with `labels`.
    public func acknowledgement(of labels: Labels) -> Acknowledgement? { acknowledgements[labels.fingerprint] }

    private func cause(of labels: Labels) -> Labels? {
        firing.first { cause in
            cause != labels && inhibitions.contains { $0.holds(labels, because: cause) }
        }
    }
}
