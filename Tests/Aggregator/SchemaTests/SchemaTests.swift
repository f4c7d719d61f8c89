import Logging
import Postgres
import Schema
import TestSupport
import Testing

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct SchemaTests {
    private let logger = Logger(label: "test")

    private func migration(_ number: Int, _ script: String) -> Migration {
        Migration(number, "m\(number)", Array(script.utf8))
    }

    @Test func appliesAllMigrationsOnceEvenWhenSeveralStart() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...4 { group.addTask { try await Schema.migrate(pool, logger: logger) } }
                try await group.waitForAll()
            }
            let count: Int? = try await pool.query("select count(*) as n from migration").first?["n"]
            #expect(count == Schema.migrations.count)
        }
    }

    @Test func aFailedMigrationLeavesNothingBehind() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let good = migration(1, "create table one (n int)")
            let bad = migration(2, "create table two (n int); select 1 / 0")
            await #expect(throws: PostgresError.self) {
                try await Migrator([good, bad]).migrate(pool, logger: logger)
            }
            let tables = try await pool.query(
                "select tablename from pg_tables where schemaname = 'public' order by tablename")
            #expect(try tables.map { try $0["tablename"] as String } == ["migration", "one"])
        }
    }

    @Test func refusesAChangedMigration() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await Migrator([migration(1, "select 1")]).migrate(pool, logger: logger)
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator([migration(1, "select 2")]).migrate(pool, logger: logger)
            }
            #expect(error?.code == .migration)
        }
    }

    @Test func refusesADatabaseOfANewerVersion() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let first = migration(1, "select 1")
            try await Migrator([first, migration(2, "select 2")]).migrate(pool, logger: logger)
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator([first]).migrate(pool, logger: logger)
            }
            #expect(error?.code == .migration)
            #expect(error?.description.contains("newer version") == true)
        }
    }
}
