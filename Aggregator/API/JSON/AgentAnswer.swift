internal import Fleet
internal import JSON
internal import Model

/// An agent as `/api/v1/agents` shows it.
struct AgentAnswer: JSONAnswer {
    let agent: AgentRecord
    let now: Timestamp

    func write(to json: inout JSONWriter) {
        let contact = agent.contact
        json.object {
            $0.member("id", agent.id.description)
            $0.member("cluster", agent.cluster)
            $0.member("node", agent.node)
            $0.member("version", agent.version)
            $0.member("enrolledAt", agent.enrolledAt.milliseconds)
            $0.member("revokedAt", agent.revokedAt?.milliseconds)
            $0.member("lastSeen", contact.lastSeen?.milliseconds)
            $0.member("ageSeconds", contact.lastSeen.map { max(0, (now - $0).fractionalSeconds) })
            $0.member("lagSeconds", contact.lagMilliseconds.map { Double($0) / 1000 })
            $0.member("clockOffsetSeconds", contact.clockOffsetMilliseconds.map { Double($0) / 1000 })
            $0.member("lastError", contact.lastError)
            $0.member("lastErrorAt", contact.lastErrorAt?.milliseconds)
            $0.member("silent", contact.silentSince != nil)
        }
    }
}
