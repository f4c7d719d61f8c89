internal import FleetHealth
internal import JSON

extension ClusterSummary: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object { write(members: "members", to: &$0) }
    }

    /// The members of the object; the counts are called `countsName`, because a detail has a list called `members`.
    func write(members countsName: String, to json: inout JSONWriter) {
        json.member("name", name)
        json.member("status", status.rawValue)
        json.member("cause", cause)
        json.member("etcdClusterID", etcdClusterID)
        json.member(countsName, answer: members)
        json.member("quorum", answer: quorum)
        json.member("leader", answer: leader)
        json.member("requestsPerSecond", requestsPerSecond)
        json.member("database", answer: database)
        json.member("walFsync", answer: walFsync)
        json.member("backendCommit", answer: backendCommit)
        json.member("peerRTT", answer: peerRTT)
        json.member("agents", answer: agents)
        json.member("versions", texts: versions)
        json.member("alerts", answer: alerts)
        json.member("history", answers: history)
        json.member("updatedAt", updatedAt)
    }
}

extension ClusterSummary.MemberCounts: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("up", up)
            $0.member("voters", voters)
            $0.member("learners", learners)
            $0.member("total", total)
        }
    }
}

extension ClusterSummary.Quorum: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("size", size)
            $0.member("margin", margin)
            $0.member("sentence", sentence)
        }
    }
}

extension ClusterSummary.Leader: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("member", member)
            $0.member("id", id)
            $0.member("since", since)
            $0.member("term", term)
        }
    }
}

extension ClusterSummary.Database: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("sizeBytes", sizeBytes)
            $0.member("inUseBytes", inUseBytes)
            $0.member("quotaBytes", quotaBytes)
            $0.member("limitBytes", limitBytes)
            $0.member("isOver", isOver)
            $0.member("member", member)
        }
    }
}

extension ClusterSummary.WALFsync: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("p99Seconds", p99Seconds)
            $0.member("shareOver16ms", shareOver16ms)
            $0.member("limitShare", limitShare)
            $0.member("isOver", isOver)
            $0.member("member", member)
        }
    }
}

extension ClusterSummary.BackendCommit: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("p99Seconds", p99Seconds)
            $0.member("limitSeconds", limitSeconds)
            $0.member("isOver", isOver)
            $0.member("member", member)
        }
    }
}

extension ClusterSummary.PeerRTT: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("p99Seconds", p99Seconds)
            $0.member("limitSeconds", limitSeconds)
            $0.member("isOver", isOver)
        }
    }
}

extension ClusterSummary.Agents: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("total", total)
            $0.member("silent", silent)
            $0.member("oldestSeconds", oldestSeconds)
        }
    }
}

extension ClusterSummary.AlertCounts: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("critical", critical)
            $0.member("warning", warning)
            $0.member("info", info)
        }
    }
}

extension ClusterSummary.HistoryCell: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("at", at)
            $0.member("status", status.rawValue)
        }
    }
}
