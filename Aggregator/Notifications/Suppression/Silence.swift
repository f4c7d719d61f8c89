public import Model
public import SeriesQuery

/// Alerts that all of the matchers hold for are not told while it is active.
public struct Silence: Hashable, Sendable {
    /// Why it is there.
    public enum Kind: String, Sendable {
        /// Somebody wants to hear no more of it.
        case silence
        /// Work is done on a cluster.
        case maintenance
    }

    /// Alertmanager's words.
    public enum State: String, Sendable {
        case pending
        case active
        case expired
    }

    /// A UUID.
    public var id: String
    /// Why it is there.
    public var kind: Kind
    /// All have to hold.
    public var matchers: [LabelMatcher]
    /// When it begins, the first time.
    public var startsAt: Timestamp
    /// When it ends, the first time; not before `startsAt`.
    public var endsAt: Timestamp
    /// It comes again every seven days (of 24 hours), as long as it begins before this; nil: once only.
    public var weeklyUntil: Timestamp?
    /// Who made it.
    public var author: String
    /// Why.
    public var comment: String
    /// When it was made.
    public var createdAt: Timestamp

    /// A silence.
    public init(
        id: String, kind: Kind = .silence, matchers: [LabelMatcher], startsAt: Timestamp, endsAt: Timestamp,
        weeklyUntil: Timestamp? = nil, author: String, comment: String, createdAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.weeklyUntil = weeklyUntil
        self.author = author
        self.comment = comment
        self.createdAt = createdAt
    }

    /// Whether it is about an alert with `labels`.
    public func matches(_ labels: Labels) -> Bool { matchers.allSatisfy { $0.matches(labels) } }

    /// Whether, and until when, it is in force.
    public func state(at now: Timestamp) -> State {
        if activeUntil(at: now) != nil { return .active }
        return nextStart(after: now) == nil ? .expired : .pending
    }

    /// The end of the window that `now` is in; nil if it is in none.
    public func activeUntil(at now: Timestamp) -> Timestamp? {
        guard let start = lastStart(at: now) else { return nil }
        let end = start + (endsAt - startsAt)
        return now < end ? end : nil
    }

    /// When the next window begins, after `now`; nil if none does.
    public func nextStart(after now: Timestamp) -> Timestamp? {
        if now < startsAt { return startsAt }
        guard let weeklyUntil, let start = lastStart(at: now) else { return nil }
        let next = start + Self.week
        return next < weeklyUntil ? next : nil
    }

    /// When the last of its windows ends.
    public var lastEnd: Timestamp {
        guard let weeklyUntil, let start = lastStart(at: weeklyUntil - .milliseconds(1)) else { return endsAt }
        return start + (endsAt - startsAt)
    }

    /// The cluster that it is about; nil if it is about several. Who may act there may make it.
    public var cluster: String? { matchers.cluster }

    static let week: Duration = .seconds(7 * 86_400)

    /// The latest start that is not after `now`.
    private func lastStart(at now: Timestamp) -> Timestamp? {
        guard now >= startsAt else { return nil }
        guard let weeklyUntil else { return startsAt }
        let latest = min(now, max(startsAt, weeklyUntil - .milliseconds(1)))
        let weeks = (latest - startsAt).milliseconds / Self.week.milliseconds
        return startsAt + .milliseconds(weeks * Self.week.milliseconds)
    }
}

/// An alert that a silence kept back.
public struct SilencedAlert: Hashable, Sendable {
    /// Of the alert.
    public var fingerprint: String
    /// Of the alert.
    public var labels: Labels
    /// When it was kept back first.
    public var since: Timestamp
}

/// What someone asks for: a silence without what the service adds.
public struct SilenceRequest: Sendable {
    /// Why it is there.
    public var kind: Silence.Kind
    /// All have to hold; 1 to 32.
    public var matchers: [LabelMatcher]
    /// nil for now.
    public var startsAt: Timestamp?
    /// When it ends, the first time; at most a year after its start.
    public var endsAt: Timestamp
    /// It comes again every seven days, as long as it begins before this.
    public var weeklyUntil: Timestamp?
    /// Why; 1 to 1,000 characters.
    public var comment: String

    /// A request.
    public init(
        kind: Silence.Kind = .silence, matchers: [LabelMatcher], startsAt: Timestamp? = nil, endsAt: Timestamp,
        weeklyUntil: Timestamp? = nil, comment: String
    ) {
        self.kind = kind
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.weeklyUntil = weeklyUntil
        self.comment = comment
    }

    /// - Throws: `.invalid`, with what is wrong and what to do.
    func checked(id: String, author: String, at now: Timestamp) throws(NotificationsError) -> Silence {
        func refuse(_ message: String) -> NotificationsError { NotificationsError(.invalid, message) }
        guard (1...32).contains(matchers.count) else { throw refuse("give 1 to 32 matchers") }
        // A silence of everything is a fleet that nobody watches.
        guard matchers.contains(where: { !$0.matchesEmpty }) else {
            throw refuse("at least one matcher has to ask for a value: these hold for every alert")
        }
        guard !comment.isEmpty, comment.count <= 1000, !comment.utf8.contains(0) else {
            throw refuse("say why in 'comment', in at most 1000 characters")
        }
        let start = startsAt ?? now
        guard endsAt > start else { throw refuse("the end has to come after the start") }
        guard endsAt - start <= .seconds(366 * 86_400) else { throw refuse("a year is the longest") }
        if let weeklyUntil {
            guard endsAt - start < Silence.week else { throw refuse("a weekly window is shorter than a week") }
            guard weeklyUntil > start else { throw refuse("'weeklyUntil' has to come after the start") }
            guard weeklyUntil - start <= .seconds(10 * 366 * 86_400) else {
                throw refuse("'weeklyUntil' may be ten years ahead at most")
            }
        }
        let silence = Silence(
            id: id, kind: kind, matchers: matchers, startsAt: start, endsAt: endsAt, weeklyUntil: weeklyUntil,
            author: author, comment: comment, createdAt: now)
        guard silence.lastEnd > now else { throw refuse("it would have ended already") }
        return silence
    }
}
