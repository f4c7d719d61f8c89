// Many agents in one process: each enrols with a token of its own, has its own key, and streams recorded scrapes, signed,
// over TLS, on its own phase. What an agent measures is not here: only what the aggregator sees of it.

internal import AgentProtocol
internal import FrameCodec
@preconcurrency internal import Glibc
internal import HTTPClient
internal import Model
internal import PrometheusText
internal import Uplink

@main
struct SwarmCommand {
    static let usage = """
        usage: etcd-monitor-swarm SERVER CA-FINGERPRINT TOKENS SCRAPES INTERVAL SETTLE SECONDS

          TOKENS    a file with an enrolment token a line: one agent each
          SCRAPES   a folder of /metrics bodies, replayed in order of name
          INTERVAL  seconds between two scrapes of an agent
          SETTLE    seconds before anything is counted: connections, layouts and keyframes come but once

        Prints "ready", waits for a line on standard input, streams. Prints "settled" after SETTLE, and one line of JSON
        about the SECONDS after that.
        """

    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 7, let interval = Double(words[5]), let settle = Double(words[6]),
            let seconds = Double(words[7])
        else {
            print(usage)
            exit(2)
        }
        let tokens = try lines(of: words[3])
        let bodies = try recordedScrapes(in: words[4])
        let agents = try await enrol(tokens, server: words[1], fingerprint: words[2], bodies: bodies)
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
        _ tokens: [String], server: String, fingerprint: String, bodies: [[UInt8]]
    ) async throws -> [SimulatedAgent] {
        try await withThrowingTaskGroup(of: Enrolled.self) { group in
            var agents: [SimulatedAgent] = []
            for (number, token) in tokens.enumerated() {
                if number >= 16, let next = try await group.next() { agents.append(next.agent(bodies)) }
                group.addTask {
                    let enrolment = Enrolment(
                        server: server, fingerprint: fingerprint, node: "node-\(number)", agentVersion: "swarm")
                    return Enrolled(number: number, server: server, identity: try await enrolment.run(token: token))
                }
            }
            for try await next in group { agents.append(next.agent(bodies)) }
            return agents
        }
    }

    private struct Enrolled: Sendable {
        var number: Int
        var server: String
        var identity: AgentIdentity

        /// Each agent has a client of its own, as on a host: one HTTP/2 connection that it keeps.
        func agent(_ bodies: [[UInt8]]) -> SimulatedAgent {
            let client = HTTPClient(
                tls: TLSOptions(trust: .pem(identity.authorityPEM), minimumVersion: .tls13), version: .http2,
                maximumConnections: 2, idleConnections: 1)
            return SimulatedAgent(
                identity: identity, server: server, client: client, bodies: bodies, firstBody: number)
        }
    }

    private static func lines(of path: String) throws -> [String] {
        String(decoding: try contents(of: path), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func recordedScrapes(in folder: String) throws -> [[UInt8]] {
        guard let directory = opendir(folder) else { throw SwarmError(message: "\(folder): no such folder") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".txt") { names.append(name) }
        }
        guard !names.isEmpty else { throw SwarmError(message: "\(folder): no scrapes (*.txt)") }
        return try names.sorted().map { try contents(of: "\(folder)/\($0)") }
    }

    private static func contents(of path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw SwarmError(message: "\(path): cannot be read") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }
}

/// What keeps a swarm from flying.
struct SwarmError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
