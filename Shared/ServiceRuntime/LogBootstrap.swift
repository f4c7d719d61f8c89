internal import Glibc
public import Logging

/// Where logs go.
public enum LogOutput: String, Sendable, CaseIterable {
    /// The journal if standard error is connected to it, else standard error.
    case automatic
    /// The journal, with fields.
    case journal
    /// Lines on standard error.
    case standardError = "stderr"
}

/// Sets up swift-log for a program.
public enum LogBootstrap {
    /// Call once, first thing in the program.
    ///
    /// - Parameters:
    ///   - program: becomes SYSLOG_IDENTIFIER.
    ///   - level: the least severe level that is logged.
    public static func start(program: String, level: Logger.Level = .info, output: LogOutput = .automatic) {
        let journal = goesToJournal(output, stream: environment("JOURNAL_STREAM"))
        LoggingSystem.bootstrap { label in
            guard journal else { return StandardErrorLogHandler(label: label, logLevel: level) }
            return JournalLogHandler(label: label, program: program, logLevel: level)
        }
    }

    /// systemd sets JOURNAL_STREAM to `device:inode` of the stream it connected (sd_journal_stream_fd(3)); a program whose
    /// standard error was redirected since must not follow it.
    static func goesToJournal(_ output: LogOutput, stream: String?) -> Bool {
        switch output {
        case .journal: return true
        case .standardError: return false
        case .automatic:
            var status = stat()
            guard let stream, fstat(STDERR_FILENO, &status) == 0 else { return false }
            return stream == "\(status.st_dev):\(status.st_ino)"
        }
    }
}

/// The value of a variable of the environment.
func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
