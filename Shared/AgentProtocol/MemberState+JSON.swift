internal import JSON
internal import Model

extension MemberState {
    /// The bytes of a state item. Ids are hex strings, the term is a decimal string: 64 bits do not fit a JSON number.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("reachable", isReachable)
            $0.member("reason", reason)
            $0.member("clusterID", clusterID?.description)
            $0.member("memberID", memberID?.description)
            $0.member("leader", leader?.description)
            $0.member("term", term.map { String($0) })
            $0.member("version", version)
            $0.member("learner", isLearner)
            $0.key("alarms")
            $0.array { for alarm in alarms { alarm.write(to: &$0) } }
            $0.key("members")
            $0.array { for member in members { member.write(to: &$0) } }
            $0.member("processStart", processStart?.milliseconds)
        }
        return writer.bytes
    }

    /// Most members and alarms that a state may list: far beyond any cluster.
    private static let listLimit = 256
    /// Most characters of a text in a state.
    private static let textLimit = 2048

    /// Reads a state item.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "the member's state")
        let alarms = message.value["alarms"]?.array ?? []
        let members = message.value["members"]?.array ?? []
        guard alarms.count <= Self.listLimit, members.count <= Self.listLimit else { throw message.bad("members") }
        self.init(
            isReachable: try message.bool("reachable"), reason: message.optionalText("reason") ?? "",
            clusterID: try message.optionalID("clusterID"), memberID: try message.optionalID("memberID"),
            leader: try message.optionalID("leader"), term: message.unsigned("term"),
            version: message.optionalText("version") ?? "", isLearner: try message.bool("learner"),
            processStart: message.integer("processStart").map { Timestamp(milliseconds: $0) })
        guard reason.utf8.count <= Self.textLimit, version.utf8.count <= Self.textLimit else {
            throw message.bad("reason")
        }
        for alarm in alarms { self.alarms.append(try Alarm(alarm)) }
        for member in members { self.members.append(try Member(member)) }
    }
}

extension MemberState.Alarm {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("member", member.description)
            $0.member("kind", kind)
        }
    }

    fileprivate init(_ value: JSONValue) throws(ProtocolError) {
        let message = try MessageReader(value, "an alarm")
        self.init(member: try message.id("member"), kind: try message.text("kind"))
    }
}

extension MemberState.Member {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id.description)
            $0.member("name", name)
            $0.key("peerURLs")
            $0.array { for url in peerURLs { $0.string(url) } }
            $0.key("clientURLs")
            $0.array { for url in clientURLs { $0.string(url) } }
            $0.member("learner", isLearner)
        }
    }

    fileprivate init(_ value: JSONValue) throws(ProtocolError) {
        let message = try MessageReader(value, "a member")
        self.init(
            id: try message.id("id"), name: try message.text("name"), peerURLs: try message.texts("peerURLs"),
            clientURLs: try message.texts("clientURLs"), isLearner: try message.bool("learner"))
    }
}
