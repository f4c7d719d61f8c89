// Many agents in one process: each enrols with a token of its own, has its own key, and streams recorded scrapes, signed,
// over TLS, on its own phase. What an agent measures is not here: only what the aggregator sees of it.

internal import AgentProtocol
internal import FrameCodec
@preconcurrency internal import Glibc
internal import HTTPClient
internal import Model
internal import Uplink

@main
struct SwarmCommand {
    static let usage = """
        usage: etcd-monitor-swarm SERVER CA-FINGERPRINT TOKENS FIRST SCRAPES INTERVAL SETTLE SECONDS

          TOKENS    a file with an enrolment token a line: one agent each
          FIRST     the number of the first of them, if there are several swarms
          SCRAPES   a folder of /metrics bodies, replayed in order of name
          INTERVAL  seconds between two scrapes of an agent
          SETTLE    seconds before anything is counted: connections, layouts and keyframes come but once

        Prints "ready", waits for a line on standard input, streams. Prints "settled" after SETTLE, and one line of JSON
        about the SECONDS after that.
        """

    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 8, let first = Int(words[4]), let interval = Double(words[6]),
            let settle = Double(words[7]), let seconds = Double(words[8])
        else {
            print(usage)
            exit(2)
        }
        let tokens = try lines(of: words[3])
        let scrapes = try RecordedScrapes(folder: words[5])
        let agents = try await enrol(
            tokens, from: first, server: words[1], fingerprint: words[2], scrapes: scrapes)
        say("ready")
        _ = readLine()
        let tally = Tally()
        try await withThrowingDiscardingTaskGroup { group in
            for (number, agent) in agents.enumerated() {
                let phase = interval * Double(number) / Double(agents.count)
                group.addTask { await agent.stream(every: interval, phase: phase, into: tally) }
            }
            try await Task.sleep(for: .seconds(settle))
            tally.reset()
            say("settled")
            try await Task.sleep(for: .seconds(seconds))
            say(tally.json)
            group.cancelAll()
        }
    }

    private static func say(_ line: String) {
        print(line)
        fflush(stdout)
    }

    /// Few at once: enrolment is not what is measured.
    private static func enrol(
        _ tokens: [String], from first: Int, server: String, fingerprint: String, scrapes: RecordedScrapes
    ) async throws -> [SimulatedAgent] {
        try await withThrowingTaskGroup(of: Enrolled.self) { group in
            var agents: [SimulatedAgent] = []
            for (number, token) in tokens.enumerated() {
                if number >= 16, let next = try await group.next() { agents.append(next.agent(scrapes)) }
                group.addTask {
                    let enrolment = Enrolment(
                        server: server, fingerprint: fingerprint, node: "node-\(first + number)", agentVersion: "swarm")
                    let identity = try await enrolment.run(token: token)
                    return Enrolled(number: first + number, server: server, identity: identity)
                }
            }
            for try await next in group { agents.append(next.agent(scrapes)) }
            return agents
        }
    }

    private struct Enrolled: Sendable {
        var number: Int
        var server: String
        var identity: AgentIdentity

        /// Each agent has a client of its own, as on a host: one HTTP/2 connection that it keeps.
        func agent(_ scrapes: RecordedScrapes) -> SimulatedAgent {
            let client = HTTPClient(
                tls: TLSOptions(trust: .pem(identity.authorityPEM), minimumVersion: .tls13), version: .http2,
                maximumConnections: 2, idleConnections: 1)
            return SimulatedAgent(
                identity: identity, server: server, client: client, scrapes: scrapes, number: number)
        }
    }

    private static func lines(of path: String) throws -> [String] {
        String(decoding: try contents(of: path), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// What keeps a swarm from flying.
struct SwarmError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
