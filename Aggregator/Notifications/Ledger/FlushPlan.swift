internal import Cryptography
internal import Model

/// Which group an alert belongs to: those of one name on one cluster are told together.
struct GroupIdentity: Hashable, Sendable {
    static let names: Set<String> = ["alertname", "cluster"]

    /// The labels that all of the group share.
    let labels: Labels
    /// As Alertmanager writes it: the route and the labels.
    let key: String

    init(_ alert: Alert, route: Route) {
        labels = alert.labels.keeping(Self.names)
        let matchers = route.matchers.sorted { $0.key < $1.key }.map { name, values in
            "\(name)=~\"\(Labels.escaped(values.sorted().joined(separator: "|")))\""
        }
        key = "{}/{\(matchers.joined(separator: ","))}:\(labels.description)"
    }

    /// SHA-256 of the alert's labels.
    func digest(of alert: Alert) -> [UInt8] { SHA256.digest(Array(alert.labels.description.utf8)) }
}

/// An alert in its group.
struct GroupEntry: Hashable, Sendable {
    var alert: Alert
    /// `firing` or `resolved`: as it is.
    var state: String
    /// As it was last told; nil for not at all.
    var announced: String?
}

/// What to do with a group that is due. A value: the ledger carries it out.
struct FlushPlan: Hashable, Sendable {
    /// Whether a notification is made.
    var tells: Bool
    /// When the group is looked at again; nil when it is over.
    var next: Timestamp?

    init(_ entries: [GroupEntry], lastSentAt: Timestamp?, timing: RouteTiming, at now: Timestamp) {
        let hasNews = entries.contains { $0.announced != $0.state }
        let isRepeat = lastSentAt.map { now - $0 >= timing.repeatInterval } ?? true
        let fires = entries.contains { $0.state == "firing" }
        tells = !entries.isEmpty && (hasNews || (fires && isRepeat))
        if fires {
            next = tells ? now + timing.repeatInterval : (lastSentAt ?? now) + timing.repeatInterval
        } else if tells {
            // Remembered for a while, so that an alert that flaps is not told each time.
            next = now + timing.groupInterval
        } else {
            next = nil
        }
    }
}
