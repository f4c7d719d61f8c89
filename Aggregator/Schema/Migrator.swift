internal import Cryptography
public import Logging
public import Postgres

/// A file of statements that is applied once, in order.
public struct Migration: Sendable {
    /// 1, 2, 3, …
    public var number: Int
    /// What the file is about.
    public var name: String
    /// The statements.
    public var script: [UInt8]

    /// The migration `number`.
    public init(_ number: Int, _ name: String, _ script: [UInt8]) {
        self.number = number
        self.name = name
        self.script = script
    }
}

/// Applies migrations, forward only: each in a transaction of its own, all under one advisory lock, so that several
/// aggregators may start at once.
///
/// A migration only adds (tables, columns with a default, views): aggregators of the release before go on over the schema
/// that a newer one has made, until they are replaced. What nobody uses any more is removed a release later.
///
/// The table `migration` keeps the SHA-256 of each applied file. A file must not change once it was released.
public struct Migrator: Sendable {
    /// Oldest first, numbered from 1 without gaps.
    private let migrations: [Migration]

    /// A migrator to the last of `migrations`.
    public init(_ migrations: [Migration]) {
        precondition(migrations.map(\.number) == Array(1..<migrations.count + 1), "migrations are numbered 1, 2, 3, …")
        self.migrations = migrations
    }

    /// Applies what is missing.
    ///
    /// - Throws: `.migration` when the database does not fit these migrations; nothing was changed then. The error of
    ///   the statement that failed; earlier migrations stay applied.
    public func migrate(_ pool: PostgresPool, logger: Logger) async throws {
        try await pool.withConnection { connection in
            try await connection.transaction { connection in
                // Another aggregator may be at it, and a migration may take longer than any query should.
                try await connection.execute(script: "set local statement_timeout = '10min'")
                try await connection.lockUntilCommit("migrate")
                try await connection.execute(
                    """
                    create table if not exists migration (
                        number int primary key,
                        name text not null,
                        checksum bytea not null,
                        applied_at timestamptz not null default now()
                    )
                    """)
            }
            try await check(applied(on: connection))
            for migration in migrations {
                try await apply(migration, on: connection, logger: logger)
            }
        }
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection, logger: Logger) async throws {
        try await connection.transaction { connection in
            try await connection.execute(script: "set local statement_timeout = '10min'")
            try await connection.lockUntilCommit("migrate")
            let isApplied = try await !connection.query("select from migration where number = \(migration.number)")
                .isEmpty
            guard !isApplied else { return }
            // An index on a large table may take longer than any query should.
            // But it must not stand in line for a lock for long: everyone who comes later would stand behind it.
            try await connection.execute(script: "set local statement_timeout = 0; set local lock_timeout = '10s'")
            try await connection.execute(script: String(decoding: migration.script, as: UTF8.self))
            try await connection.execute(
                """
                insert into migration (number, name, checksum)
                values (\(migration.number), \(migration.name), \(Self.checksum(migration)))
                """)
            logger.info(
                "migration applied", metadata: ["number": "\(migration.number)", "name": "\(migration.name)"])
        }
    }

    private struct Applied {
        var number: Int
        var name: String
        var checksum: [UInt8]
    }

    private func applied(on connection: PostgresConnection) async throws -> [Applied] {
        try await connection.query("select number, name, checksum from migration order by number").map { row in
            Applied(number: try row["number"], name: try row["name"], checksum: try row["checksum"])
        }
    }

    private func check(_ applied: [Applied]) throws(PostgresError) {
        for row in applied {
            guard let migration = migrations.first(where: { $0.number == row.number }) else {
                throw PostgresError(
                    .migration,
                    """
                    the database has migration \(row.number) (\(row.name)), which this version does not know: it was \
                    used by a newer version. Install that version again, or restore a backup made before the upgrade.
                    """)
            }
            guard row.checksum == Self.checksum(migration) else {
                throw PostgresError(
                    .migration,
                    """
                    migration \(row.number) (\(row.name)) was applied with other contents than this version has. \
                    Use the version that made this database, or start with an empty database.
                    """)
            }
        }
    }

    static func checksum(_ migration: Migration) -> [UInt8] { SHA256.digest(migration.script) }
}
