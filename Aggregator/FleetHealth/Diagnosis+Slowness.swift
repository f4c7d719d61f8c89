internal import Fleet
internal import Model

extension Diagnosis {
    /// What makes `entry` slow or full.
    func slowness(_ entry: MemberRoster.Entry) -> [Finding] {
        guard entry.availability == .up else { return [] }
        let facts = assessment.facts(of: entry)
        return [space(entry, facts), disk(entry, facts), commit(entry, facts), network(entry, facts)]
            .compactMap { $0 }
    }

    private func isLeader(_ entry: MemberRoster.Entry) -> Bool {
        entry.id != nil && entry.id == assessment.leadership?.leader
    }

    private func peerName(_ hex: String) -> String { EtcdID(hex: hex).map { assessment.name(of: $0) } ?? hex }

    private func title(_ entry: MemberRoster.Entry) -> String {
        isLeader(entry) ? "\(entry.name) (leader)" : entry.name
    }

    private func space(_ entry: MemberRoster.Entry, _ facts: SeriesFacts.MemberFacts) -> Finding? {
        guard let database = assessment.database(facts), database.isOver, let quota = database.quotaBytes, quota > 0
        else { return nil }
        let share = database.sizeBytes / quota
        var sentence = "DB of \(entry.name) at \(Words.percent(share)) of its quota of \(Words.bytes(quota))."
        if let inUse = database.inUseBytes, inUse < database.sizeBytes * 0.8 {
            sentence += " A defrag would free \(Words.percent(1 - inUse / database.sizeBytes))."
        }
        let isCritical = share > assessment.limits.databaseCriticalShareOfQuota
        return Finding(
            status: isCritical ? .critical : .degraded, order: isCritical ? 4 : 2, sentence: sentence,
            instance: entry.opinion?.instance)
    }

    private func disk(_ entry: MemberRoster.Entry, _ facts: SeriesFacts.MemberFacts) -> Finding? {
        guard let walFsync = assessment.walFsync(facts), walFsync.isOver else { return nil }
        return Finding(
            status: .degraded, order: isLeader(entry) ? 1 : 3,
            sentence: "Disk too slow on \(title(entry)): \(Words.percent(walFsync.shareOver16ms)) of WAL fsyncs"
                + " over 16 ms.",
            instance: entry.opinion?.instance)
    }

    private func commit(_ entry: MemberRoster.Entry, _ facts: SeriesFacts.MemberFacts) -> Finding? {
        guard let commit = assessment.backendCommit(facts), commit.isOver else { return nil }
        return Finding(
            status: .degraded, order: 4,
            sentence: "Backend commits slow on \(title(entry)): p99 \(Words.duration(commit.p99Seconds)).",
            instance: entry.opinion?.instance)
    }

    private func network(_ entry: MemberRoster.Entry, _ facts: SeriesFacts.MemberFacts) -> Finding? {
        let slow = facts.rttP99Seconds.filter { $0.value > assessment.limits.rttP99Seconds }
        guard let worst = slow.max(by: { $0.value < $1.value }) else { return nil }
        return Finding(
            status: .degraded, order: 6,
            sentence: "Network slow from \(entry.name) to \(peerName(worst.key)): peer RTT p99"
                + " \(Words.duration(worst.value)).",
            instance: entry.opinion?.instance)
    }
}
