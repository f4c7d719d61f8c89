internal import Fleet
internal import JSON
internal import Model
internal import Rules

/// When a rule would have fired, and what happened meanwhile.
struct BacktestAnswer: JSONAnswer {
    /// How long before an expression becomes true that which made it so may have happened.
    static let before = Duration.seconds(120)
    /// Events of the whole time that are looked through.
    static let maximumEvents = 20_000
    /// Events told with one firing.
    static let eventsOfOne = 20

    let rule: Rule
    let cluster: String?
    let report: BacktestReport
    /// Oldest first.
    let events: [FleetEvent]

    func write(to json: inout JSONWriter) {
        json.member("rule", rule.name)
        json.member("cluster", cluster)
        json.member("start", report.start.milliseconds)
        json.member("end", report.end.milliseconds)
        json.member("stepSeconds", report.step.fractionalSeconds)
        json.member("evaluations", report.evaluations)
        json.member("count", report.count)
        json.member("firingSeconds", report.firingTime.fractionalSeconds)
        json.member("pendingOnly", report.pendingOnly)
        json.member("samplesRead", report.samplesRead)
        json.member("tookSeconds", report.took.fractionalSeconds)
        json.member("notes", texts: report.notes)
        json.key("firings")
        json.array { for firing in report.firings { write(firing, to: &$0) } }
    }

    private func write(_ firing: BacktestFiring, to json: inout JSONWriter) {
        let end = firing.resolvedAt ?? report.end
        let overlapping = events(of: firing.labels["cluster"] ?? cluster, from: firing.activeAt - Self.before, to: end)
        json.object {
            $0.key("labels")
            $0.object { for label in firing.labels { $0.member(label.name, label.value) } }
            $0.key("annotations")
            $0.object { for label in firing.annotations { $0.member(label.name, label.value) } }
            $0.member("value", firing.value.isFinite ? firing.value : nil)
            $0.member("activeAt", firing.activeAt.milliseconds)
            $0.member("firedAt", firing.firedAt.milliseconds)
            $0.member("resolvedAt", firing.resolvedAt?.milliseconds)
            $0.member("firingSeconds", (end - firing.firedAt).fractionalSeconds)
            $0.member("eventCount", overlapping.count)
            $0.member("events", answers: Array(overlapping.prefix(Self.eventsOfOne)))
        }
    }

    /// Those of `cluster`, or of any for an alert that names none.
    private func events(of cluster: String?, from start: Timestamp, to end: Timestamp) -> ArraySlice<FleetEvent> {
        let first = events.partitioningIndex { $0.at >= start }
        let last = events.partitioningIndex { $0.at > end }
        guard first < last else { return [] }
        return events[first..<last].filter { cluster == nil || $0.cluster == cluster }[...]
    }
}

extension [FleetEvent] {
    /// The first index whose event satisfies `isBehind`, in a list in which all after it do.
    fileprivate func partitioningIndex(_ isBehind: (FleetEvent) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
