public import Logging
internal import Synchronization

/// Records what is logged, instead of writing it anywhere.
public final class LogCapture: Sendable {
    /// One logged event.
    public struct Entry: Sendable {
        /// Its severity.
        public let level: Logger.Level
        /// The constant text.
        public let message: String
        /// Metadata of the logger and the event, as text.
        public let metadata: [String: String]
    }

    private let recorded = Mutex<[Entry]>([])

    /// Nothing recorded yet.
    public init() {}

    /// What was logged so far, in order.
    public var entries: [Entry] { recorded.withLock { $0 } }

    /// The texts of what was logged so far.
    public var messages: [String] { entries.map(\.message) }

    /// A logger that records here, all levels.
    public func logger(_ label: String = "test") -> Logger {
        Logger(label: label) { _ in Handler(capture: self) }
    }

    private func record(_ entry: Entry) {
        recorded.withLock { $0.append(entry) }
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            capture.record(
                Entry(
                    level: event.level, message: event.message.description,
                    metadata: all.mapValues { $0.description }))
        }
    }
}
