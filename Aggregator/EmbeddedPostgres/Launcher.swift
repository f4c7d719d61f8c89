internal import Glibc

/// How PostgreSQL's programs are started: as ourselves, and so that the server does not outlive us.
struct Launcher: Sendable {
    /// The user that they run as; nil for our own. Only tests, which may run as root, set it.
    var owner: (user: UInt32, group: UInt32)?

    private static let setpriv = "/usr/bin/setpriv"

    /// PostgreSQL refuses root, for good reasons.
    func refuseRoot() throws(EmbeddedPostgresError) {
        guard geteuid() == 0, owner == nil else { return }
        throw EmbeddedPostgresError(
            .root,
            """
            PostgreSQL does not run as root. Run the aggregator as a user of its own (the Debian package makes \
            'etcd-monitor'; try `systemctl start etcd-monitor-aggregator`, or `setpriv --reuid=etcd-monitor \
            --regid=etcd-monitor --init-groups etcd-monitor-aggregator serve`), or name a database in the \
            configuration: `database: postgresql://…`
            """)
    }

    /// `arguments`, started so that the server shuts down fast (SIGINT) when the thread that launched it is gone.
    func command(_ arguments: [String]) -> [String] {
        guard access(Self.setpriv, X_OK) == 0 else { return arguments }
        return [Self.setpriv, "--pdeathsig=INT"] + userArguments + ["--"] + arguments
    }

    /// `arguments` of a program that ends by itself.
    func tool(_ arguments: [String]) -> [String] {
        owner == nil ? arguments : [Self.setpriv] + userArguments + ["--"] + arguments
    }

    private var userArguments: [String] {
        owner.map { ["--reuid=\($0.user)", "--regid=\($0.group)", "--clear-groups"] } ?? []
    }

    /// Gives `path` to the user that the programs run as.
    func own(_ path: String) throws(EmbeddedPostgresError) {
        guard let owner else { return }
        guard chown(path, owner.user, owner.group) == 0 else {
            throw EmbeddedPostgresError(.directory, "chown \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Who must own what the programs use.
    var userID: UInt32 { owner?.user ?? geteuid() }
}
