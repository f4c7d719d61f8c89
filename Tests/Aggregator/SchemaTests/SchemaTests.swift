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

    /// The release before has the first five migrations and goes on writing while the new one brings the rest.
    @Test func theReleaseBeforeGoesOnWritingWhileTheNewOneMigrates() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await Migrator(Array(Schema.migrations.prefix(5))).migrate(pool, logger: logger)
            try await pool.execute("insert into cluster (name) values ('prod')")
            let write: @Sendable (Int) async throws -> Void = { number in
                try await pool.execute(
                    """
                    insert into event (at, cluster_id, kind, severity, sentence, occurrence)
                    select now(), id, 'member-up', 'info', '', \("\(number)") from cluster
                    """)
                try await pool.execute(
                    """
                    insert into source (agent_id, kind, name, interval_ms, first_at, last_at)
                    select id, 'host', \("\(number)"), 5000, 0, 0 from agent
                    """)
            }
            try await pool.execute(
                "insert into agent (uid, kind) values (\([UInt8](repeating: 1, count: 16)), 'aggregator')")
            for number in 0..<100 { try await write(number) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for number in 100..<300 { try await write(number) } }
                group.addTask { try await Schema.migrate(pool, logger: logger) }
                try await group.waitForAll()
            }
            try await write(300)
            let row = try await pool.query(
                """
                select (select count(*) from event) as events, (select count(*) from source) as sources,
                    (select count(*) from migration) as migrations
                """
            ).first
            #expect(try row?["events"] == 301)
            #expect(try row?["sources"] == 301)
            #expect(try row?["migrations"] == Schema.migrations.count)
        }
    }
}
