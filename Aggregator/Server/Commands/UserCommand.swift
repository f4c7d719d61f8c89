import Access
import ArgumentParser
import DurableFiles

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "People who can sign in.",
        subcommands: [CreateCommand.self, SetPasswordCommand.self])

    /// Where a password is read from; never the command line, which everyone on the host can see.
    struct PasswordOption: ParsableArguments {
        @Option(help: "A file with the password in its first line; - for standard input.")
        var passwordFile = "-"

        func read() throws -> String {
            let line: String?
            if passwordFile == "-" {
                line = readLine(strippingNewline: true)
            } else {
                let text = String(decoding: try AtomicFile.read(passwordFile), as: UTF8.self)
                line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
            }
            guard let line, !line.isEmpty else { throw ValidationError("there is no password to read") }
            return line
        }
    }

    struct CreateCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "create", abstract: "Makes a user.")

        @OptionGroup var options: ConfigurationOption
        @OptionGroup var password: PasswordOption
        @Argument(help: "The name.") var name: String
        @Option(help: "viewer, operator or admin, on all clusters.") var role = "viewer"

        func run() async throws {
            let configuration = try options.load()
            guard let role = Role(rawValue: role) else {
                throw ValidationError("--role must be viewer, operator or admin")
            }
            let secret = try password.read()
            try await OfflineRooms.with(configuration) { rooms in
                _ = try await rooms.access.createUser(
                    name, password: secret, grants: Grants(everywhere: role), by: .local, from: "")
                print("\(name) can sign in as \(role.rawValue)")
            }
        }
    }

    struct SetPasswordCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-password", abstract: "Gives a user a new password and ends their sessions.")

        @OptionGroup var options: ConfigurationOption
        @OptionGroup var password: PasswordOption
        @Argument(help: "The name.") var name: String

        func run() async throws {
            let configuration = try options.load()
            let secret = try password.read()
            try await OfflineRooms.with(configuration) { rooms in
                try await rooms.access.changePassword(of: name, to: secret, by: .local, from: "")
                print("\(name) has a new password")
            }
        }
    }
}
