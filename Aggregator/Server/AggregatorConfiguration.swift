import API
import Access
import ConfigurationFile
import Ingest
import Logging
import Notifications
import RemoteWrite
import SeriesStore
import ServiceRuntime

/// `/etc/etcd-monitor/aggregator.yaml`, read and checked whole; see docs/configuration.md.
struct AggregatorConfiguration: Sendable {
    /// Where the configuration is if nobody says otherwise.
    static let defaultPath = "/etc/etcd-monitor/aggregator.yaml"

    /// A certificate of the user's own.
    struct OwnCertificate: Sendable, Equatable {
        var certificateFile: String
        var keyFile: String
    }

    /// Where connections are taken.
    var listen = NetworkAddress(host: "0.0.0.0", port: 8379)
    /// Names and addresses beside the host's own that the certificate speaks for.
    var names: [String] = []
    /// Where people reach the dashboard; made from host name and port if not given.
    var externalURL: String?
    var stateDirectory = "/var/lib/etcd-monitor/aggregator"
    var dashboardDirectory = "/usr/share/etcd-monitor/dashboard"
    /// nil for a PostgreSQL of our own.
    var database: String?
    var databaseConnections = 8
    var certificate: OwnCertificate?
    var retention: Duration = .seconds(90 * 86_400)
    /// What is not `retention`; see ``storeOptions``.
    var storage = SeriesStore.Options()
    var silentAfter: Duration = .seconds(15)
    /// Over which a verdict takes its readings.
    var verdictWindow: Duration = .seconds(60)
    var sessions = SessionLimits()
    var api = APILimits()
    var rules = RuleSection()
    var notifications = NotificationConfiguration.none
    var remoteWrite = RemoteWriteConfiguration()
    var logLevel: Logger.Level = .info
    var logOutput = LogOutput.automatic

    /// Which rules are evaluated.
    struct RuleSection: Sendable {
        var builtIn = true
        var files: [String] = []
        var interval: Duration = .seconds(5)
    }

    /// The defaults, as with an empty file.
    init() {}

    /// Reads the file at `path`.
    init(file path: String) throws(ConfigurationErrors) {
        try self.init(YAMLDocument(file: path))
    }

    /// Reads `text`, called `name` in complaints.
    init(_ text: String, name: String) throws(ConfigurationErrors) {
        try self.init(YAMLDocument(text, name: name))
    }

    private init(_ document: YAMLDocument) throws(ConfigurationErrors) {
        let problems = Problems()
        var root = MappingReader(document.root, problems)
        readPlaces(&root)
        readTimes(&root)
        readSections(&root)
        root.finish()
        try problems.throwIfAny()
    }

    private mutating func readPlaces(_ root: inout MappingReader) {
        listen = root.address("listen", default: listen, defaultPort: 8379) ?? listen
        names = root.strings("names", default: [])
        externalURL = root.string("external_url", default: nil as String?)
        stateDirectory = root.string("state_directory", default: stateDirectory)
        dashboardDirectory = root.string("dashboard_directory", default: dashboardDirectory)
        database = root.value(
            "database", "a URL that begins with postgresql://, or nothing for a PostgreSQL of our own"
        ) {
            $0.text.flatMap { $0.hasPrefix("postgresql://") || $0.hasPrefix("postgres://") ? $0 : nil }
        }
        databaseConnections = root.int("database_connections", default: databaseConnections, in: 2...64)
        if var tls = root.mapping("tls") {
            let own = OwnCertificate(certificateFile: tls.string("certificate"), keyFile: tls.string("key"))
            certificate = own
            tls.finish()
        }
    }

    private mutating func readTimes(_ root: inout MappingReader) {
        let day: Int64 = 86_400
        retention = root.duration("retention", default: retention, in: .seconds(day) ... .seconds(3650 * day))
        verdictWindow = root.duration("verdict_window", default: verdictWindow, in: .seconds(10) ... .seconds(600))
        silentAfter = root.duration("silent_after", default: silentAfter, in: .seconds(5) ... .seconds(3600))
        guard var section = root.mapping("sessions") else { return }
        sessions.idle = section.duration("idle", default: sessions.idle, in: .seconds(60) ... .seconds(30 * day))
        sessions.absolute = section.duration(
            "absolute", default: sessions.absolute, in: .seconds(60) ... .seconds(90 * day))
        section.finish()
    }

    private mutating func readSections(_ root: inout MappingReader) {
        storage.read(&root)
        if var limits = root.mapping("limits") {
            api.connections = limits.int("connections", default: api.connections, in: 100...1_000_000)
            api.connectionsPerAddress = limits.int(
                "connections_per_address", default: max(1, api.connections / 2), in: 10...1_000_000)
            api.streams = limits.int("streams", default: api.streams, in: 1...10_000)
            api.streamsPerUser = limits.int("streams_per_user", default: api.streamsPerUser, in: 1...10_000)
            limits.finish()
        }
        if var section = root.mapping("rules") {
            rules.builtIn = section.bool("built_in", default: true)
            rules.files = section.strings("files", default: [])
            rules.interval = section.duration("interval", default: rules.interval, in: .seconds(1) ... .seconds(3600))
            section.finish()
        }
        if let section = root.mapping("notifications") { notifications = NotificationConfiguration(reading: section) }
        if let section = root.mapping("remote_write") { remoteWrite = RemoteWriteConfiguration(reading: section) }
        guard var log = root.mapping("log") else { return }
        logLevel = log.choice("level", default: Logger.Level.info)
        logOutput = log.choice("output", default: LogOutput.automatic)
        log.finish()
    }
}
