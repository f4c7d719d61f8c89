import ArgumentParser

struct CACommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "The certificate authority that agents pin.", subcommands: [ShowCommand.self])

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Prints the authority's fingerprint, which 'agent enrol' asks for.")

        @OptionGroup var options: ConfigurationOption

        func run() throws {
            let configuration = try options.load()
            guard configuration.certificate == nil else {
                StandardError.print(
                    "the certificate is one of your own (tls.certificate): there is no authority to pin")
                throw ExitCode.failure
            }
            guard let authority = try ServerIdentity.existingAuthority(directory: configuration.tlsDirectory) else {
                StandardError.print(
                    "there is no authority yet: it is made when the aggregator starts for the first time")
                throw ExitCode.failure
            }
            print(authority.fingerprint)
        }
    }
}
