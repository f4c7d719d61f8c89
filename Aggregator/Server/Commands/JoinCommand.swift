import Access
import ArgumentParser
import ConfigurationFile
import Cryptography
import DurableFiles
import Logging
import Model

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Makes this aggregator one of an installation, before its first start.",
        discussion: """
            Takes the installation's certificate authority out of the database that 'database' names, with a token made \
            by 'etcd-monitor-aggregator token create-join' where an aggregator runs already. Run it as the service's user.
            """)

    @OptionGroup var options: ConfigurationOption

    @Option(help: "A file that holds the token; - for standard input.")
    var tokenFile: String

    func run() async throws {
        let configuration = try options.load()
        guard configuration.database != nil else {
            StandardError.print("set 'database' to the PostgreSQL of the installation that this aggregator joins")
            throw ExitCode.failure
        }
        let token = try readToken()
        try await OfflineRooms.with(configuration) { rooms in
            let lock = try StateLock(stateDirectory: configuration.stateDirectory)
            defer { withExtendedLifetime(lock) {} }
            try KeySet.checkIsAbsent(in: configuration.tlsDirectory)
            do {
                let keys = try await JoinTokens(pool: rooms.pool).redeem(token, at: WallClock.system.now)
                try keys.write(to: configuration.tlsDirectory)
                try await rooms.audit.append(event(.done, ""))
                print("joined; the certificate authority is \(try keys.fingerprint)")
                let names = HostNames.all(more: configuration.names + [configuration.listen.host])
                for name in names where !keys.permitted.contains(name) {
                    StandardError.print("the authority may not certify \(name); agents must not use it")
                }
            } catch let error as JoinError {
                try await rooms.audit.append(event(.refused, error.description))
                throw error
            }
        }
    }

    private func readToken() throws -> String {
        let text =
            tokenFile == "-"
            ? readLine(strippingNewline: true) ?? "" : String(decoding: try AtomicFile.read(tokenFile), as: UTF8.self)
        guard let token = text.split(whereSeparator: \.isWhitespace).first else {
            throw ValidationError("there is no token to read")
        }
        return String(token)
    }

    private func event(_ outcome: AuditEvent.Outcome, _ reason: String) -> AuditEvent {
        AuditEvent(
            actor: Principal.local.name, action: "join", object: HostNames.hostName, outcome: outcome, reason: reason)
    }
}
