// ServiceRuntime: what makes a program a good service of its host: logs to the journal or to standard error, systemd's
// notifications and watchdog, signals, and its version. The only room that imports libsystemd. Leaves the services
// themselves and their order to the two programs.

/// Which build this is.
public enum BuildVersion {
    /// Semantic version of the release.
    public static let version = "0.1.0"

    /// `etcd-monitor-agent/0.1.0`, for User-Agent and the like.
    public static func product(_ program: String) -> String { "\(program)/\(version)" }
}
