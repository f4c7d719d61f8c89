internal import FleetHealth
internal import JSON

extension ClusterDetail: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            summary.write(members: "memberCounts", to: &$0)
            $0.member("members", answers: members)
            $0.member("links", answers: links)
            $0.member("nodes", answers: nodes)
        }
    }
}

extension MemberHealth: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// The members of the object, without its braces.
    func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("id", id)
        json.member("node", node)
        json.member("instance", instance)
        json.member("role", role.rawValue)
        json.member("status", status.rawValue)
        json.member("reason", reason)
        json.member("version", version)
        json.member("term", term)
        json.member("raftIndex", raftIndex)
        json.member("appliedIndex", appliedIndex)
        json.member("indexLag", indexLag)
        json.member("database", answer: database)
        json.member("walFsync", answer: walFsync)
        json.member("backendCommit", answer: backendCommit)
        json.member("startedAt", startedAt)
        json.member("alarms", texts: alarms)
        json.member("clientURLs", texts: clientURLs)
        json.member("peerURLs", texts: peerURLs)
        json.member("requestsPerSecond", requestsPerSecond)
        json.member("agent", answer: agent)
    }
}

extension MemberHealth.AgentAge: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", id)
            $0.member("ageSeconds", ageSeconds)
        }
    }
}

extension PeerLink: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("from", from)
            $0.member("to", to)
            $0.member("rttP99Seconds", rttP99Seconds)
            $0.member("state", state.rawValue)
        }
    }
}

extension NodeHealth: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", name)
            $0.member("cluster", cluster)
            $0.member("agentID", agentID)
            $0.member("agentVersion", agentVersion)
            $0.member("lastSeen", lastSeen)
            $0.member("ageSeconds", ageSeconds)
            $0.member("lagSeconds", lagSeconds)
            $0.member("lastError", lastError)
            $0.member("clockOffsetSeconds", clockOffsetSeconds)
            $0.member("cpuRatio", cpuRatio)
            $0.member("load1", load1)
            $0.member("memoryUsedBytes", memoryUsedBytes)
            $0.member("memoryTotalBytes", memoryTotalBytes)
        }
    }
}
