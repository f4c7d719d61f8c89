/// How many members a cluster may lose, counted by what is certain. Pure.
struct QuorumBudget: Hashable, Sendable {
    /// Members with a vote.
    let voters: Int
    /// Of them, those that answer.
    let up: Int
    /// Of them, those of which nothing is known now.
    let unseen: Int

    init(_ roster: MemberRoster) {
        voters = roster.voters.count
        up = roster.voters.count { $0.availability == .up }
        unseen = roster.voters.count {
            switch $0.availability {
            case .agentSilent, .unwatched, .unreadable: true
            case .up, .down: false
            }
        }
    }

    /// Votes needed.
    var size: Int { voters == 0 ? 0 : voters / 2 + 1 }

    /// Voters beyond the quorum that are known to answer.
    var margin: Int { up - size }

    /// Whether it is certain that no quorum is left.
    var isLost: Bool { voters > 0 && up + unseen < size }

    /// Whether too few are seen to say that there is a quorum.
    var isUncertain: Bool { !isLost && up < size }

    var sentence: String {
        if voters == 0 { return "No member is known yet." }
        if isLost { return "No quorum: \(up) of \(voters) voting members \(up == 1 ? "answers" : "answer")." }
        if isUncertain { return "Quorum not seen: \(up) of \(voters) voting members heard of." }
        let more = "Can lose \(margin) more \(margin == 1 ? "member" : "members")."
        return unseen == 0 ? more : more.dropLast() + ", counting only those that are seen."
    }
}
