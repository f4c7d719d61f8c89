internal import Commands
internal import JSON
internal import Model

/// A disk check as the API shows it.
struct DiskCheckAnswer: JSONAnswer {
    let command: Command
    let desk: CommandDesk

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("number", String(command.number))
            $0.member("id", command.id)
            $0.member("cluster", command.cluster)
            $0.member("node", command.node)
            $0.member("member", command.member)
            $0.member("profile", command.profile)
            $0.member("runs", command.runs)
            $0.member("jobs", command.jobs)
            $0.member("state", command.state.rawValue)
            $0.member("progress", command.progress)
            $0.member("words", command.state == .queued ? desk.obstacle(of: command.id) ?? "" : command.words)
            $0.member("cancelled", command.isCancelled)
            $0.member("requestedBy", command.requestedBy)
            $0.member("requestedAt", command.requestedAt.milliseconds)
            $0.member("expiresAt", command.expiresAt.milliseconds)
            $0.member("startedAt", command.startedAt?.milliseconds)
            $0.member("finishedAt", command.finishedAt?.milliseconds)
            $0.member("result", command.result ?? .null)
        }
    }
}

/// A node's disk now and at first.
struct BaselineAnswer: JSONAnswer {
    let baseline: DiskBaseline

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("node", baseline.node)
            $0.member("profile", baseline.profile)
            $0.member("checks", baseline.checks)
            $0.member("baselineSeconds", baseline.baselineSeconds)
            $0.member("latestSeconds", baseline.latestSeconds)
            $0.member("drift", baseline.drift.rawValue)
            $0.member("burstExhausted", baseline.isBurstExhausted)
            $0.member("sentence", baseline.sentence)
        }
    }
}
