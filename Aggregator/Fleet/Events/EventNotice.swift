/// Which events an aggregator stored, told to the others with the transaction.
struct EventNotice: Hashable, Sendable {
    /// PostgreSQL takes payloads below 8000 bytes; an id has up to 20 digits.
    private static let idsPerPayload = 350

    /// Who stored them.
    var origin: UInt64
    var ids: [Int64]

    init(origin: UInt64, ids: [Int64]) {
        self.origin = origin
        self.ids = ids
    }

    /// `ORIGIN ID ID …`, in as few pieces as fit.
    var payloads: [String] {
        stride(from: 0, to: ids.count, by: Self.idsPerPayload).map { start in
            let piece = ids[start..<min(ids.count, start + Self.idsPerPayload)]
            return ([String(origin, radix: 16)] + piece.map(String.init)).joined(separator: " ")
        }
    }

    /// Reads one of ``payloads``; nil for anything else.
    init?(payload: String) {
        let words = payload.split(separator: " ")
        guard let first = words.first, let origin = UInt64(first, radix: 16) else { return nil }
        let ids = words.dropFirst().compactMap { Int64($0) }
        guard ids.count == words.count - 1 else { return nil }
        self.init(origin: origin, ids: ids)
    }
}

/// The events that subscribers were told of lately, by id: several ways lead to an event, and each is told once.
struct ToldEvents: Sendable {
    /// Ids are given in the order of insertion and become visible a little out of it.
    static let overlap: Int64 = 1000

    /// The newest of all.
    private(set) var newest: Int64 = 0
    private var recent: Set<Int64> = []

    /// Notes `ids`.
    ///
    /// - Returns: those that were not noted before.
    @discardableResult
    mutating func note(_ ids: [Int64]) -> Set<Int64> {
        let news = Set(ids).subtracting(recent)
        recent.formUnion(news)
        newest = max(newest, news.max() ?? 0)
        if recent.count > 4 * Self.overlap { recent = recent.filter { $0 > newest - 2 * Self.overlap } }
        return news
    }
}

extension FleetEvent {
    /// What it is about, if the same can happen to it again: its occurrence without kind and time.
    var topic: String {
        let words = occurrence.split(separator: "/", omittingEmptySubsequences: false)
        return words.dropFirst().dropLast().joined(separator: "/")
    }
}

extension FleetEvent.Kind {
    /// What has to happen before this can happen again to the same thing.
    var opposite: FleetEvent.Kind? {
        switch self {
        case .memberDown: .memberUp
        case .memberUp: .memberDown
        case .alarmRaised: .alarmCleared
        case .alarmCleared: .alarmRaised
        case .agentSilent: .agentBack
        case .agentBack: .agentSilent
        default: nil
        }
    }
}

extension [FleetEvent] {
    /// The same in order, in stretches in which nothing is spoken of twice.
    var partsWithDistinctTopics: [ArraySlice<FleetEvent>] {
        var parts: [ArraySlice<FleetEvent>] = []
        var seen: Set<String> = []
        var start = 0
        for (at, event) in enumerated() where event.kind.opposite != nil {
            if !seen.insert("\(event.cluster)/\(event.topic)").inserted {
                parts.append(self[start..<at])
                start = at
                seen = ["\(event.cluster)/\(event.topic)"]
            }
        }
        parts.append(self[start...])
        return parts
    }
}
