// The agent as a program: its command line, its configuration, and the services that measure, keep and send. The only
// room that knows the others of the agent's half; leaves to them how etcd, the host, the spool and the aggregator are
// spoken to.

internal import AgentProtocol
internal import ConfigurationFile
internal import DurableFiles
@preconcurrency internal import Glibc
internal import ServiceRuntime
internal import Uplink

@main
struct AgentCommand {
    static func main() async {
        MemoryTuning.apply()
        let invocation: AgentInvocation
        do throws(AgentInvocation.Misuse) {
            invocation = try AgentInvocation(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain("\(error)\n\n\(AgentInvocation.usage)")
            exit(2)
        }
        do {
            try await perform(invocation)
        } catch {
            complain("\(error)")
            exit(1)
        }
    }

    private static func perform(_ invocation: AgentInvocation) async throws {
        switch invocation {
        case .help: print(AgentInvocation.usage)
        case .version: print(BuildVersion.product("etcd-monitor-agent"))
        case .checkConfiguration(let file):
            let configuration = try AgentConfiguration(file: file)
            let members = configuration.members.map(\.name).joined(separator: ", ")
            print("\(file): good: cluster \(configuration.cluster), node \(configuration.node), members \(members)")
        case .enrol(let enrolment): try await enrol(enrolment)
        case .diskCheck(let command): exit(try await command.run())
        case .run(let file): try await run(file)
        }
    }

    private static func run(_ file: String) async throws {
        LogBootstrap.start(program: "etcd-monitor-agent")
        let configuration = try AgentConfiguration(file: file)
        let identity = try AgentIdentity.load(from: configuration.stateDirectory)
        guard identity.cluster == configuration.cluster else {
            throw UplinkError(
                .identity,
                "\(file): cluster is \"\(configuration.cluster)\", but this host was enrolled for "
                    + "\"\(identity.cluster)\"; correct the file or enrol the host again")
        }
        let shutdown = ShutdownSignal()
        let assembly = try AgentAssembly(configuration, identity: identity)
        try await assembly.run { _ = await shutdown.wait() }
    }

    private static func enrol(_ arguments: AgentInvocation.Enrolment) async throws {
        let configuration = try AgentConfiguration(file: arguments.configuration)
        guard EnrolmentRequest.isNode(configuration.node) else {
            throw UplinkError(
                .identity,
                "the node name \"\(configuration.node)\" cannot be used; set `node:` in "
                    + arguments.configuration)
        }
        let token = try readToken(arguments.tokenFile)
        let enrolment = Enrolment(
            server: arguments.server, fingerprint: arguments.fingerprint, node: configuration.node,
            agentVersion: BuildVersion.version)
        let identity = try await enrolment.run(token: token)
        guard identity.cluster == configuration.cluster else {
            throw UplinkError(
                .refused,
                "the token is for cluster \"\(identity.cluster)\", but \(arguments.configuration) says "
                    + "\"\(configuration.cluster)\"; nothing was kept")
        }
        try identity.save(to: configuration.stateDirectory)
        print("enrolled: node \(identity.node) of cluster \(identity.cluster) is agent \(identity.agent)")
    }

    /// The token in the file `path`, or on standard input: never an argument, as everyone on the host can read those.
    private static func readToken(_ path: String) throws -> String {
        let text: String
        if path == "-" {
            text = readLine(strippingNewline: true) ?? ""
        } else {
            do throws(FileError) {
                text = String(decoding: try AtomicFile.read(path, limit: 4096), as: UTF8.self)
            } catch {
                throw UplinkError(.identity, "the token cannot be read: \(path): \(error)", cause: error)
            }
        }
        let token = text.filter { !$0.isWhitespace }
        guard !token.isEmpty else { throw UplinkError(.identity, "the token is empty") }
        return token
    }

    private static func complain(_ text: String) {
        let line = "etcd-monitor-agent: \(text)\n"
        fputs(line, stderr)
    }
}
