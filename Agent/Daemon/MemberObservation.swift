internal import AgentProtocol
internal import EtcdClient
internal import Model

/// What is known of a member, and whether something that matters has changed. A value: no sockets, no clock.
struct MemberObservation: Sendable {
    /// The last status that was answered.
    private(set) var status: EtcdStatus?
    /// Why the last question was not answered; nil while it is.
    private(set) var failure: EtcdError?
    /// The last member list that was answered.
    private(set) var members: EtcdMembers?
    /// When the process began, by etcd's own account.
    private(set) var processStart: Timestamp?
    /// Whether etcd's RBAC keeps Status from us: then the member is up, and its leader unknown.
    private(set) var isStatusDenied = false
    private var timeouts = 0
    private var hasAnswered = false

    /// Whether the member was asked at all: before, nothing is known, not even that it is down.
    var isSettled: Bool { hasAnswered || failure != nil || isStatusDenied || timeouts > 0 }

    /// A single timeout may be a slow disk or a defragmentation; so many in a row are a member that does not answer.
    static let timeoutsUntilUnreachable = 2

    /// Notes an answer. Returns whether leader, term, alarms, version, identity or reachability changed.
    mutating func note(_ answer: EtcdStatus) -> Bool {
        let isNew = !hasAnswered || failure != nil || isStatusDenied || Self.facts(answer) != status.map(Self.facts)
        status = answer
        failure = nil
        timeouts = 0
        isStatusDenied = false
        hasAnswered = true
        return isNew
    }

    /// Notes a failure. Returns whether the member has just become unreachable, or for another reason than before.
    mutating func note(_ error: EtcdError) -> Bool {
        if error.code == .cancelled { return false }
        if error.code == .unauthorised {
            defer { isStatusDenied = true }
            failure = nil
            timeouts = 0
            return !isStatusDenied
        }
        if error.code == .timeout {
            timeouts += 1
            guard timeouts >= Self.timeoutsUntilUnreachable || failure != nil else { return false }
        }
        let isNew = failure?.code != error.code
        failure = error
        return isNew
    }

    /// Notes a member list. Returns whether it differs from the one before.
    mutating func note(_ list: EtcdMembers) -> Bool {
        defer { members = list }
        return members?.members != list.members || members?.clusterID != list.clusterID
    }

    /// Notes when the process began. Returns whether it is another process than before.
    mutating func note(processStart start: Timestamp) -> Bool {
        defer { processStart = start }
        return processStart != nil && processStart != start
    }

    /// Why nobody leads, as far as this member can tell; nil while it knows of a leader, or cannot be asked for a reason
    /// that says nothing of it.
    var leaderTrouble: String? {
        if let failure {
            let isGone = [.refused, .timeout, .unavailable].contains(failure.code)
            return isGone ? "it does not answer (\(failure.code.rawValue))" : nil
        }
        return hasAnswered && !isStatusDenied && status?.leader == nil ? "it knows of no leader" : nil
    }

    /// The state as it is sent.
    var state: MemberState {
        MemberState(
            isReachable: failure == nil && (hasAnswered || isStatusDenied),
            reason: failure.map { "\($0.code.rawValue): \($0.message)" } ?? (isStatusDenied ? Self.denied : ""),
            clusterID: status?.clusterID ?? members?.clusterID, memberID: status?.memberID ?? members?.memberID,
            leader: isStatusDenied ? nil : status?.leader, term: isStatusDenied ? nil : status?.term,
            version: status?.version ?? "", isLearner: status?.isLearner ?? false,
            alarms: (status?.alarms ?? []).map { MemberState.Alarm(member: $0.memberID, kind: $0.kind) },
            members: (members?.members ?? []).map {
                MemberState.Member(
                    id: $0.id, name: $0.name, peerURLs: $0.peerURLs, clientURLs: $0.clientURLs,
                    isLearner: $0.isLearner)
            },
            processStart: processStart)
    }

    private static let denied = "unauthorised: etcd's access control keeps its status from the agent"

    private struct Facts: Equatable {
        var leader: EtcdID?
        var term: UInt64
        var version: String
        var cluster: EtcdID
        var member: EtcdID
        var isLearner: Bool
        var alarms: [EtcdAlarm]
    }

    private static func facts(_ status: EtcdStatus) -> Facts {
        Facts(
            leader: status.leader, term: status.term, version: status.version, cluster: status.clusterID,
            member: status.memberID, isLearner: status.isLearner, alarms: status.alarms)
    }
}
