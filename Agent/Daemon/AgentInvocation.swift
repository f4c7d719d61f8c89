/// What the command line asks for.
enum AgentInvocation: Equatable {
    case run(configuration: String)
    case checkConfiguration(String)
    case enrol(Enrolment)
    case diskCheck(DiskCheckCommand)
    case version
    case help

    /// The arguments of `enrol`.
    struct Enrolment: Equatable {
        var server: String
        var fingerprint: String
        /// "-" is standard input.
        var tokenFile: String
        var configuration: String
    }

    /// Why the arguments make no sense, in words for whom typed them.
    struct Misuse: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    /// Reads `arguments`, without the program's name.
    init(_ arguments: [String]) throws(Misuse) {
        var rest = arguments[...]
        guard let word = rest.popFirst() else { throw Misuse(description: "a command is missing") }
        var options = Options(rest)
        switch word {
        case "run":
            self = .run(configuration: try options.take("--config") ?? AgentConfiguration.standardFile)
        case "check-config":
            self = .checkConfiguration(try options.take("--config") ?? AgentConfiguration.standardFile)
        case "enrol", "enroll":
            self = .enrol(
                Enrolment(
                    server: try options.require("--server"), fingerprint: try options.require("--ca-fingerprint"),
                    tokenFile: try options.require("--token-file"),
                    configuration: try options.take("--config") ?? AgentConfiguration.standardFile))
        case "disk": self = .diskCheck(try DiskCheckCommand(&options))
        case "version", "--version": self = .version
        case "help", "--help", "-h": self = .help
        default: throw Misuse(description: "unknown command \"\(word)\"")
        }
        if options.wantsHelp {
            self = .help
            return
        }
        try options.finish()
    }

    static let usage = """
        etcd-monitor-agent measures the etcd members of this host and sends what it finds to an aggregator.

        etcd-monitor-agent run [--config FILE]
            Collects and sends until it is told to stop.
        etcd-monitor-agent check-config [--config FILE]
            Prints every problem of the configuration with its place and remedy; exits with 1 if there is one.
        etcd-monitor-agent enrol --server URL --ca-fingerprint sha256:HEX --token-file FILE|- [--config FILE]
            Makes this host's key and exchanges a one-time token for an identity. "-" reads the token from standard
            input. On the aggregator: etcd-monitor-aggregator token create --cluster NAME
        etcd-monitor-agent disk check [--profile etcd|kubernetes|database] [--runs N] [--concurrent N] [--json] DIRECTORY
            Times the disk under DIRECTORY with fio and grades it for etcd, also before etcd is installed. Writes at most
            22 MB (etcd) or 100 MB a job; the median of N runs (3) counts, of concurrent jobs (1) the worst.
        etcd-monitor-agent version

        FILE is \(AgentConfiguration.standardFile) unless given.
        Exit status: 0 done, 1 failed, 2 wrong arguments; of a disk check also 3 marginal, 4 not ready, 130 cancelled.
        """

    /// `--name value` and `--name=value`, each once.
    struct Options {
        private var words: ArraySlice<String>
        private var taken: Set<Int> = []

        init(_ words: ArraySlice<String>) {
            self.words = words
        }

        var wantsHelp: Bool { words.contains("--help") || words.contains("-h") }

        mutating func take(_ name: String) throws(Misuse) -> String? {
            for index in words.indices where !taken.contains(index) {
                if words[index].hasPrefix(name + "=") {
                    taken.insert(index)
                    return String(words[index].dropFirst(name.utf8.count + 1))
                }
                guard words[index] == name else { continue }
                guard index + 1 < words.endIndex else { throw Misuse(description: "\(name) needs a value") }
                taken.formUnion([index, index + 1])
                return words[index + 1]
            }
            return nil
        }

        /// Whether `name` stands there.
        mutating func flag(_ name: String) -> Bool {
            guard let index = words.indices.first(where: { !taken.contains($0) && words[$0] == name }) else {
                return false
            }
            taken.insert(index)
            return true
        }

        /// The next word that is no option; ask for it after all options.
        mutating func positional(_ what: String) throws(Misuse) -> String {
            guard let index = words.indices.first(where: { !taken.contains($0) && !words[$0].hasPrefix("-") }) else {
                if wantsHelp { return "" }
                throw Misuse(description: "\(what) is missing")
            }
            taken.insert(index)
            return words[index]
        }

        mutating func require(_ name: String) throws(Misuse) -> String {
            if let value = try take(name) { return value }
            if wantsHelp { return "" }
            throw Misuse(description: "\(name) is missing")
        }

        func finish() throws(Misuse) {
            if let index = words.indices.first(where: { !taken.contains($0) }) {
                throw Misuse(description: "unexpected argument \"\(words[index])\"")
            }
        }
    }
}
