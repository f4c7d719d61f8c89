internal import DurableFiles
internal import Glibc

/// A directory with PostgreSQL's server programs.
struct PostgresInstallation: Sendable, Equatable {
    /// The oldest version that the tables work with.
    static let oldest = 15

    /// Where the programs are.
    var directory: String
    /// As `postgres --version` says it: `15.20`.
    var version: String

    /// 15
    var major: Int { Int(version.prefix { $0.isNumber }) ?? 0 }
    var postgres: String { "\(directory)/postgres" }
    var initdb: String { "\(directory)/initdb" }

    /// All that are new enough, newest first; only the one in `directory` if the user chose it.
    static func all(preferring directory: String?) -> [PostgresInstallation] {
        let candidates = directory.map { [$0] } ?? debian + path
        var seen: Set<String> = []
        return candidates.filter { seen.insert($0).inserted }.compactMap(PostgresInstallation.init)
            .filter { $0.major >= oldest }.sorted { $0.major > $1.major }
    }

    private static var debian: [String] {
        // Without that directory this is no Debian, and the programs may be in the PATH.
        ((try? Directory.entries("/usr/lib/postgresql")) ?? []).map { "/usr/lib/postgresql/\($0)/bin" }
    }

    private static var path: [String] {
        getenv("PATH").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    }

    private init?(directory: String) {
        self.directory = directory
        version = ""
        guard access(postgres, X_OK) == 0, access(initdb, X_OK) == 0 else { return nil }
        // One that cannot be run is as good as none; the error for "none" says what to install.
        guard let result = try? Tool.run([postgres, "--version"]), result.status == 0,
            let number = result.output.split(separator: " ").first(where: { $0.first?.isNumber == true })
        else { return nil }
        version = String(number)
    }
}
