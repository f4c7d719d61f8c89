internal import Model

/// An alert, and what its rule has to remember of it besides.
struct TrackedAlert: Hashable, Sendable {
    var alert: Alert
    /// Since when the expression is false while `keep_firing_for` keeps the alert up; nil while it is true.
    var keepFiringSince: Timestamp?
}

/// What one series of an alert expression's result says.
struct AlertObservation: Hashable, Sendable {
    var value: Double
    var annotations: Labels
}

/// The alerts of one rule: inactive → pending → firing → resolved, as Prometheus moves them (`rules/alerting.go`).
///
/// A value: what follows from an evaluation is computed here, saving and telling is done by RuleService.
struct AlertStates: Sendable {
    /// How long a resolved alert is kept, so that its end is seen by everyone who asks.
    static let resolvedRetention: Duration = .seconds(15 * 60)

    /// By complete label set.
    private(set) var alerts: [Labels: TrackedAlert]

    init(_ alerts: [TrackedAlert] = []) {
        self.alerts = [:]
        for tracked in alerts { self.alerts[tracked.alert.labels] = tracked }
    }

    /// Those that are pending or firing, and those that are still shown as resolved.
    var all: [TrackedAlert] { alerts.values.sorted { $0.alert.labels.description < $1.alert.labels.description } }

    /// How many are pending or firing.
    var activeCount: Int { alerts.values.count { $0.alert.state != .resolved } }

    /// Applies what the expression gave `at` an instant.
    ///
    /// - Parameters:
    ///   - observed: one entry per series of the result, by the alert's complete label set.
    ///   - missing: firing alerts that are not observed because nothing is measured of what they are about: they stay.
    /// - Returns: what changed, in the order of labels: a value or annotation that moved is no change.
    mutating func apply(
        _ observed: [Labels: AlertObservation], missing: Set<Labels> = [], hold: Duration, keepFiringFor: Duration,
        at now: Timestamp
    ) -> [AlertChange] {
        var changes: [AlertChange] = []
        for labels in Set(alerts.keys).union(observed.keys).sorted(by: { $0.description < $1.description }) {
            let before = alerts[labels]
            var after: TrackedAlert?
            if let observation = observed[labels] {
                after = Self.seen(before, labels, observation, hold, now)
            } else if let before, missing.contains(labels), before.alert.state == .firing {
                after = before
                after?.alert.missingSince = before.alert.missingSince ?? now
            } else if let before {
                after = Self.unseen(before, keepFiringFor, now)
            } else {
                after = nil
            }
            alerts[labels] = after
            if let change = AlertChange(before: before, after: after) { changes.append(change) }
        }
        return changes
    }

    /// Ends all alerts, as when their rule was taken out of its file.
    mutating func resolveAll(at now: Timestamp) -> [AlertChange] {
        alerts.values.sorted { $0.alert.labels.description < $1.alert.labels.description }.compactMap { before in
            let after = Self.ended(before, now)
            alerts[before.alert.labels] = after
            return AlertChange(before: before, after: after)
        }
    }

    private static func seen(
        _ before: TrackedAlert?, _ labels: Labels, _ observation: AlertObservation, _ hold: Duration, _ now: Timestamp
    ) -> TrackedAlert {
        var tracked: TrackedAlert
        if let before, before.alert.state != .resolved {
            tracked = before
            tracked.alert.value = observation.value
            tracked.alert.annotations = observation.annotations
            tracked.keepFiringSince = nil
            tracked.alert.missingSince = nil
        } else {
            tracked = TrackedAlert(
                alert: Alert(
                    labels: labels, annotations: observation.annotations, state: .pending, value: observation.value,
                    activeAt: now))
        }
        if tracked.alert.state == .pending, now - tracked.alert.activeAt >= hold {
            tracked.alert.state = .firing
            tracked.alert.firedAt = now
        }
        return tracked
    }

    private static func unseen(_ before: TrackedAlert, _ keepFiringFor: Duration, _ now: Timestamp) -> TrackedAlert? {
        switch before.alert.state {
        case .pending: return nil
        case .resolved:
            guard let resolvedAt = before.alert.resolvedAt, now - resolvedAt <= resolvedRetention else { return nil }
            return before
        case .firing:
            var tracked = before
            let since = before.keepFiringSince ?? now
            if keepFiringFor > .zero, now - since < keepFiringFor {
                tracked.keepFiringSince = since
                tracked.alert.missingSince = nil
                return tracked
            }
            return ended(before, now)
        }
    }

    private static func ended(_ before: TrackedAlert, _ now: Timestamp) -> TrackedAlert? {
        guard before.alert.state == .firing else { return before.alert.state == .resolved ? before : nil }
        var tracked = before
        tracked.alert.state = .resolved
        tracked.alert.resolvedAt = now
        tracked.alert.missingSince = nil
        tracked.keepFiringSince = nil
        return tracked
    }
}

/// What happened to one alert in one evaluation.
struct AlertChange: Hashable, Sendable {
    /// As it is now; nil if it is forgotten.
    var after: TrackedAlert?
    /// As it was; nil if it is new.
    var before: TrackedAlert?

    /// Nil unless something changed that has to be saved.
    init?(before: TrackedAlert?, after: TrackedAlert?) {
        guard
            before?.alert.state != after?.alert.state || before?.alert.activeAt != after?.alert.activeAt
                || before?.keepFiringSince != after?.keepFiringSince
                || before?.alert.missingSince != after?.alert.missingSince
        else { return nil }
        self.before = before
        self.after = after
    }

    /// The alert, if it began to fire or was resolved: what people are told.
    var announcement: Alert? {
        guard let alert = after?.alert else { return nil }
        switch alert.state {
        case .pending: return nil
        case .firing: return before?.alert.state == .firing && before?.alert.activeAt == alert.activeAt ? nil : alert
        case .resolved: return before?.alert.state == .resolved ? nil : alert
        }
    }
}
