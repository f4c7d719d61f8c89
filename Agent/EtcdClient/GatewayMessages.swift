internal import JSON
public import Model

/// maintenance.StatusResponse: 64-bit numbers are strings in it, and what is zero or false is left out.
public struct EtcdStatus: Hashable, Sendable {
    /// The cluster that the member says it belongs to.
    public var clusterID: EtcdID
    /// The member itself.
    public var memberID: EtcdID
    /// `3.5.1`.
    public var version: String
    /// Who leads, or nil: the member knows of no leader.
    public var leader: EtcdID?
    /// Raft's term.
    public var term: UInt64
    /// Of the last committed entry.
    public var raftIndex: UInt64
    /// Of the last applied entry; 0 before 3.4.
    public var appliedIndex: UInt64
    /// The store's revision.
    public var revision: UInt64
    /// The database file.
    public var databaseBytes: UInt64
    /// What of it is in use; 0 before 3.4.
    public var databaseInUseBytes: UInt64
    /// Whether the member does not vote yet.
    public var isLearner: Bool
    /// Alarms of the cluster, as the member's own store has them.
    public var alarms: [EtcdAlarm]
    /// Other complaints, such as `etcdserver: no leader`.
    public var errors: [String]

    init(_ answer: JSONValue) throws(EtcdError) {
        guard let header = answer["header"], let cluster = header["cluster_id"]?.uint64,
            let member = header["member_id"]?.uint64, let version = answer["version"]?.string
        else { throw EtcdError(.garbage, "a status without header and version") }
        clusterID = EtcdID(cluster)
        memberID = EtcdID(member)
        self.version = version
        let leader = try answer.counter("leader")
        self.leader = leader == 0 ? nil : EtcdID(leader)
        term = try answer.counter("raftTerm")
        raftIndex = try answer.counter("raftIndex")
        appliedIndex = try answer.counter("raftAppliedIndex")
        revision = try header.counter("revision")
        databaseBytes = try answer.counter("dbSize")
        databaseInUseBytes = try answer.counter("dbSizeInUse")
        isLearner = answer["isLearner"]?.bool ?? false
        let complaints = (answer["errors"]?.array ?? []).compactMap(\.string)
        alarms = complaints.compactMap(EtcdAlarm.init(statusError:))
        errors = complaints.filter { EtcdAlarm(statusError: $0) == nil }
    }
}

/// An alarm that a member has raised.
public struct EtcdAlarm: Hashable, Sendable {
    /// Who raised it.
    public var memberID: EtcdID
    /// `NOSPACE`, `CORRUPT`, or what later releases add.
    public var kind: String

    /// The alarm `kind` of a member.
    public init(memberID: EtcdID, kind: String) {
        self.memberID = memberID
        self.kind = kind
    }

    init(_ value: JSONValue) throws(EtcdError) {
        guard let member = value["memberID"]?.uint64 else { throw EtcdError(.garbage, "an alarm without a member") }
        memberID = EtcdID(member)
        kind = value["alarm"]?.string ?? "NONE"
    }

    /// An alarm as it stands in Status' errors, protobuf's text form: `memberID:10276657743932975437 alarm:NOSPACE `.
    init?(statusError text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].hasPrefix("memberID:"), words[1].hasPrefix("alarm:"),
            let member = UInt64(words[0].dropFirst("memberID:".count))
        else { return nil }
        memberID = EtcdID(member)
        kind = String(words[1].dropFirst("alarm:".count))
    }
}

/// cluster.MemberListResponse.
public struct EtcdMembers: Hashable, Sendable {
    /// One member, as the asked one knows it.
    public struct Member: Hashable, Sendable {
        /// Its id.
        public var id: EtcdID
        /// Empty while it was added but has not started yet.
        public var name: String
        /// Where other members reach it.
        public var peerURLs: [String]
        /// Where clients reach it; empty until it has started.
        public var clientURLs: [String]
        /// Whether it does not vote yet.
        public var isLearner: Bool
    }

    /// The cluster that the asked member says it belongs to.
    public var clusterID: EtcdID
    /// The asked member.
    public var memberID: EtcdID
    /// By id.
    public var members: [Member]

    init(_ answer: JSONValue) throws(EtcdError) {
        guard let cluster = answer["header"]?["cluster_id"]?.uint64, let own = answer["header"]?["member_id"]?.uint64,
            let list = answer["members"]?.array
        else { throw EtcdError(.garbage, "a member list without header or members") }
        clusterID = EtcdID(cluster)
        memberID = EtcdID(own)
        members = try list.map { value throws(EtcdError) in
            guard let id = value["ID"]?.uint64 else { throw EtcdError(.garbage, "a member without an id") }
            return Member(
                id: EtcdID(id), name: value["name"]?.string ?? "",
                peerURLs: (value["peerURLs"]?.array ?? []).compactMap(\.string),
                clientURLs: (value["clientURLs"]?.array ?? []).compactMap(\.string),
                isLearner: value["isLearner"]?.bool ?? false)
        }.sorted { $0.id < $1.id }
    }
}

extension JSONValue {
    /// The unsigned number `key`; 0 if it is left out.
    fileprivate func counter(_ key: String) throws(EtcdError) -> UInt64 {
        guard let value = self[key] else { return 0 }
        guard let number = value.uint64 else { throw EtcdError(.garbage, "\(key) is not a number") }
        return number
    }
}
