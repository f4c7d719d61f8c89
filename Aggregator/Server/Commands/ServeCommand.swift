import ArgumentParser
import ConfigurationFile
import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Runs the aggregator.")

    @OptionGroup var options: ConfigurationOption

    func run() async throws {
        MemoryRelease.prepare()
        let configuration = try options.load()
        LogBootstrap.start(
            program: "etcd-monitor-aggregator", level: configuration.logLevel, output: configuration.logOutput)
        let logger = Logger(label: "aggregator")
        do {
            try await serve(configuration, logger)
        } catch {
            logger.critical("the aggregator cannot go on", metadata: ["error": "\(Self.words(error))"])
            throw ExitCode.failure
        }
    }

    private func serve(_ configuration: AggregatorConfiguration, _ logger: Logger) async throws {
        logger.notice("starting", metadata: ["version": "\(BuildVersion.version)", "config": "\(options.config)"])
        let lock = try StateLock(stateDirectory: configuration.stateDirectory)
        defer { withExtendedLifetime(lock) {} }
        let database = try await RunningDatabase.start(configuration, logger: logger)
        let assembly: AggregatorAssembly
        do {
            assembly = try await AggregatorAssembly(configuration, database: database, logger: logger)
        } catch {
            await database.abandon()
            throw error
        }
        var group = ServiceGroupConfiguration(
            services: assembly.services.map { service in
                .init(
                    service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(60)
        try await ServiceGroup(configuration: group).run()
        assembly.pool.close()
        logger.notice("stopped")
    }

    /// All that is known: whoever reads the log of a service that does not start needs it.
    static func words(_ error: any Error) -> String {
        error is ConfigurationErrors ? "\(error)" : String(reflecting: error)
    }
}
