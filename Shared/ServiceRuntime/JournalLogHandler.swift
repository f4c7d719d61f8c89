internal import CSystemd
internal import Glibc
public import Logging

/// Logs to systemd's journal: the message, and every piece of metadata as a field of its own.
///
/// `logger.warning("batch refused", metadata: ["cluster": "a", "messageID": "…"])` becomes MESSAGE, PRIORITY=4,
/// CLUSTER=a, MESSAGE_ID=…, with SYSLOG_IDENTIFIER, CODE_FILE, CODE_LINE, CODE_FUNC and LOGGER.
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let program: String

    /// A handler for the logger `label` of `program`.
    public init(label: String, program: String, logLevel: Logger.Level = .info) {
        self.label = label
        self.program = program
        self.logLevel = logLevel
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let facts = LogFacts(handler: metadata, provider: metadataProvider, event: event)
        var entry = JournalEntry()
        entry.add("MESSAGE", facts.line(event.message.description))
        entry.add("PRIORITY", String(event.level.journalPriority))
        entry.add("SYSLOG_IDENTIFIER", program)
        entry.add("LOGGER", label)
        entry.add("CODE_FILE", event.file)
        entry.add("CODE_LINE", String(event.line))
        entry.add("CODE_FUNC", event.function)
        for (name, value) in facts.all { entry.add(fact: name, value) }
        entry.send()
    }
}

extension Logger.Level {
    /// syslog's priorities (sd-daemon(3)).
    var journalPriority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}
