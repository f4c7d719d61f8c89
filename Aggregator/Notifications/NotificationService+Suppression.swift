internal import Cryptography
public import Model
internal import Postgres
internal import SeriesQuery

/// What people do about alerts: silence, acknowledge, snooze, declare maintenance. All in the database, so that every
/// aggregator goes by it from its next look on.
extension NotificationService {
    /// Silences and windows that are not over, or with `includingExpired` those that ended within five days too.
    public func silences(includingExpired: Bool = false) async throws -> [Silence] {
        let after = includingExpired ? Timestamp(milliseconds: 0) : clock.now
        return try await ledger.pool.withConnection { try await SuppressionStore($0).silences(endingAfter: after) }
    }

    /// The silence with this id.
    ///
    /// - Throws: `.notFound`.
    public func silence(_ id: String) async throws -> Silence {
        let found = try await ledger.pool.withConnection { try await SuppressionStore($0).silence(id) }
        guard let found else { throw Self.noSilence(id) }
        return found
    }

    /// What each of `silences` kept back so far, by id: the newest hundred of each, newest first.
    public func silenced(by silences: [String]) async throws -> [String: [SilencedAlert]] {
        guard !silences.isEmpty else { return [:] }
        return try await ledger.pool.withConnection { try await SuppressionStore($0).silenced(by: silences) }
    }

    /// Makes a silence.
    ///
    /// - Throws: `.invalid`; `.conflict` if there are too many.
    public func addSilence(_ request: SilenceRequest, by author: String) async throws -> Silence {
        let now = clock.now
        let silence = try request.checked(id: Self.makeID(), author: author, at: now)
        try await change { store in
            guard try await store.silences(endingAfter: now).count < SuppressionStore.limit else {
                throw NotificationsError(
                    .conflict, "there are \(SuppressionStore.limit) silences; end some that are no longer needed")
            }
            try await store.save(silence)
        }
        return silence
    }

    /// Changes what the silence `id` hides, and when.
    ///
    /// - Throws: `.notFound`, `.invalid`; `.conflict` if it is over.
    public func changeSilence(_ id: String, to request: SilenceRequest) async throws -> Silence {
        let now = clock.now
        return try await change { store in
            guard let before = try await store.silence(id) else { throw Self.noSilence(id) }
            guard before.state(at: now) != .expired else {
                throw NotificationsError(.conflict, "the silence is over; make a new one")
            }
            var request = request
            (request.kind, request.startsAt) = (before.kind, request.startsAt ?? before.startsAt)
            var after = try request.checked(id: id, author: before.author, at: now)
            after.createdAt = before.createdAt
            try await store.save(after)
            return after
        }
    }

    /// Ends the silence `id` now; it is shown for some days more.
    ///
    /// - Throws: `.notFound`. One that is over stays as it is.
    public func endSilence(_ id: String) async throws {
        let now = clock.now
        try await change { store in
            guard let silence = try await store.silence(id) else { throw Self.noSilence(id) }
            if let ended = silence.ended(at: now) { try await store.save(ended) }
        }
    }

    /// Declares maintenance on `cluster` from now until then, in the place of what was declared before; nil ends it.
    /// Windows that were planned stay.
    public func declareMaintenance(on cluster: String, until: Timestamp?, by author: String) async throws {
        let now = clock.now
        try await change { store in
            for window in try await store.silences(endingAfter: now) where window.kind == .maintenance {
                guard window.cluster == cluster, window.weeklyUntil == nil, window.state(at: now) == .active else {
                    continue
                }
                if let ended = window.ended(at: now) { try await store.save(ended) }
            }
            guard let until else { return }
            let request = SilenceRequest(
                kind: .maintenance, matchers: [.equal("cluster", cluster)], endsAt: until, comment: "Maintenance")
            try await store.save(try request.checked(id: Self.makeID(), author: author, at: now))
        }
    }

    /// Takes up `alert`: it is not told again until it ends, or until `until` (snoozed).
    ///
    /// - Throws: `.invalid` if it does not fire, or for the comment.
    public func acknowledge(
        _ alert: Alert, until: Timestamp?, comment: String, by author: String
    ) async throws -> Acknowledgement {
        let now = clock.now
        guard alert.state == .firing else {
            throw NotificationsError(.invalid, "the alert does not fire; only what fires can be acknowledged")
        }
        guard comment.count <= 1000, !comment.utf8.contains(0) else {
            throw NotificationsError(.invalid, "a comment has 1000 characters at most")
        }
        if let until, !(.seconds(60) ... .seconds(30 * 86_400)).contains(until - now) {
            throw NotificationsError(.invalid, "snooze for a minute to thirty days")
        }
        let acknowledgement = Acknowledgement(
            fingerprint: alert.labels.fingerprint, labels: alert.labels, author: author, comment: comment, at: now,
            until: until)
        let digest = alert.labels.digest
        try await change { store in
            try await store.save(acknowledgement)
            try await store.wakeGroups(of: digest, at: now)
        }
        return acknowledgement
    }

    /// Lays down again what was taken up: the alert is told again.
    ///
    /// - Throws: `.notFound` if nobody has taken it up.
    public func withdrawAcknowledgement(of fingerprint: String) async throws {
        let now = clock.now
        try await change { store in
            let known = try await store.acknowledgements(of: [fingerprint])
            guard let labels = known.first?.labels, try await store.forget(acknowledgementsOf: [fingerprint]) else {
                throw NotificationsError(.notFound, "nobody has acknowledged the alert \(fingerprint)")
            }
            try await store.wakeGroups(of: labels.digest, at: now)
        }
    }

    /// All that keeps alerts back now.
    ///
    /// - Parameter firing: labels of what fires: the causes of what is inhibited.
    public func suppressions(firing: [Labels]) async throws -> Suppressions {
        let now = clock.now
        let (silences, acknowledgements) = try await ledger.pool.withConnection { connection in
            let store = SuppressionStore(connection)
            return (try await store.silences(endingAfter: now), try await store.acknowledgements())
        }
        return Suppressions(
            silences: silences, acknowledgements: acknowledgements, inhibitions: configuration.inhibitions,
            firing: firing, at: now)
    }

    /// One change in one transaction; afterwards every aggregator looks again at what was kept back.
    private func change<Result: Sendable>(
        _ body: @escaping @Sendable (SuppressionStore) async throws -> Result
    ) async throws -> Result {
        let now = clock.now
        let result = try await ledger.pool.transaction { connection in
            let store = SuppressionStore(connection)
            let result = try await body(store)
            try await store.wakeHidden(at: now)
            try await DeliveryLedger.announce(in: connection)
            return result
        }
        committed()
        return result
    }

    private static func noSilence(_ id: String) -> NotificationsError {
        NotificationsError(.notFound, "there is no silence \(id.prefix(64))")
    }

    /// A random UUID (RFC 9562, version 4).
    private static func makeID() -> String {
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let hex = Hex.encode(bytes)
        var parts: [Substring] = []
        var rest = hex[...]
        for count in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return parts.joined(separator: "-")
    }
}

extension Silence {
    /// As it is when it is ended at `now`; nil if it is over already.
    func ended(at now: Timestamp) -> Silence? {
        guard state(at: now) != .expired else { return nil }
        var ended = self
        if let end = activeUntil(at: now) {
            ended.startsAt = end - (endsAt - startsAt)
            ended.endsAt = now
            ended.weeklyUntil = nil
        } else if now < startsAt {
            (ended.startsAt, ended.endsAt, ended.weeklyUntil) = (now, now, nil)
        } else {
            ended.weeklyUntil = now
        }
        return ended
    }
}
