import Logging
import Model
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct PostgresTests {
    @Test func valuesComeBackAsTheyWereBound() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let at = Timestamp(milliseconds: 1_700_000_000_123)
            let early = Timestamp(milliseconds: -1)
            let none: String? = nil
            let rows = try await pool.query(
                """
                select \(true) as bool, \(Int16.min) as int2, \(Int32.max) as int4, \(Int64.min) as int8, \(-7) as int,
                  \(Double.stale) as float8, \("π ≈ 3 'quoted'") as text, \([0, 255, 10] as [UInt8]) as bytea,
                  \([] as [UInt8]) as empty, \(at) as at, \(early) as early, \(none) as none,
                  \(json: "[1, 2]") as json, 1.5::real as float4
                """)
            let row = try #require(rows.first)
            #expect(try row["bool"] == true)
            #expect(try row["int2"] == Int16.min)
            #expect(try row["int4"] == Int32.max)
            #expect(try row["int8"] == Int64.min)
            #expect(try row["int"] == -7)
            #expect(try row["int4"] == Int(Int32.max))
            #expect((try row["float8"] as Double).isStale)
            #expect(try row["float4"] == 1.5)
            #expect(try row["text"] == "π ≈ 3 'quoted'")
            #expect(try row["bytea"] == [0, 255, 10] as [UInt8])
            #expect(try row["empty"] == [] as [UInt8])
            #expect(try row["at"] == at)
            #expect(try row["early"] == early)
            #expect(try row["none"] as String? == nil)
            #expect(try row["json"] == "[1, 2]")
        }
    }

    @Test func arraysComeBackAndUnnest() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let bodies: [[UInt8]] = [[1], [], [2, 3]]
            let names: [String?] = ["a", nil, ""]
            let rows = try await pool.query(
                """
                select \([1, 2, 3]) as numbers, \(bodies) as bodies, \(names) as names, \([] as [Double]) as none,
                  (select array_agg(n order by n) from unnest(\([Int32(5), 4])) as n) as unnested
                """)
            let row = try #require(rows.first)
            #expect(try row["numbers"] == [1, 2, 3])
            #expect(try row["bodies"] == bodies)
            #expect(try row["names"] == names)
            #expect(try row["none"] == [] as [Double])
            #expect(try row["unnested"] == [4, 5])
        }
    }

    @Test func partsOfAStatementKeepTheirParameters() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let condition: SQL = "n > \(2) and n < \(5)"
            let rows = try await pool.query("select n from generate_series(1, \(9)) as n where \(condition) order by n")
            #expect(try rows.map { try $0["n"] as Int } == [3, 4])
        }
    }

    @Test(arguments: ["null::int", "'x'::text", "1.5::numeric"])
    func refusesToDecodeWhatIsNotANumber(expression: String) async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let rows = try await pool.query("select \(unsafe: expression) as value")
            let error = #expect(throws: PostgresError.self) { try rows[0]["value", as: Int.self] }
            #expect(error?.code == .decoding)
        }
    }

    @Test func errorsTellTheStateButNotTheStatement() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await pool.execute("create table t (secret text primary key)")
            try await pool.execute("insert into t values (\("s3cret"))")
            let error = try #require(
                await #expect(throws: PostgresError.self) {
                    try await pool.execute("insert into t values (\("s3cret"))")
                })
            #expect(error.isUniqueViolation)
            #expect(error.constraint == "t_pkey")
            #expect(!error.description.contains("s3cret") && !error.description.contains("insert"))
            #expect(error.debugDescription.contains("insert into t") && error.debugDescription.contains("s3cret"))
        }
    }

    @Test func transactionsCommitOrRollBack() async throws {
        struct Stop: Error {}
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await pool.execute("create table t (n int)")
            try await pool.transaction { try await $0.execute("insert into t values (1)") }
            await #expect(throws: Stop.self) {
                try await pool.transaction { connection in
                    try await connection.execute("insert into t values (2)")
                    throw Stop()
                }
            }
            await #expect(throws: PostgresError.self) {
                try await pool.transaction { connection in
                    try await connection.execute("insert into t values (3)")
                    _ = try? await connection.execute("select 1 / 0")
                }
            }
            #expect(try await pool.query("select n from t").map { try $0["n"] as Int } == [1])
            #expect(pool.health.open <= 1)
        }
    }

    @Test func aPreparedStatementSurvivesAChangeOfItsTable() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await pool.withConnection { connection in
                try await connection.execute("create table t (n int)")
                try await connection.query("select * from t")
                try await connection.execute("alter table t add column m int")
                try await connection.execute("insert into t values (1, 2)")
                #expect(try await connection.query("select * from t").first?["m"] == 2)
            }
        }
    }

    @Test func aCancelledTaskCancelsItsStatement() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let task = Task { try await pool.query("select pg_sleep(60)::text as slept") }
            while try await pool.query("select 1 as n from pg_stat_activity where query like 'select pg_sleep%'")
                .isEmpty
            {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await pool.query("select 1 as n").first?["n"] == 1)
        }
    }

    @Test func waitersGetConnectionsInTurnOrGiveUp() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { shared in
            var configuration = shared.configuration
            configuration.connections = 2
            let pool = PostgresPool(configuration, logger: Logger(label: "test"))
            defer { pool.close() }
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...50 {
                    group.addTask { try await pool.query("select \(number) as n").first?["n"] ?? 0 }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 50 * 51 / 2)
            #expect(pool.health.open <= 2)

            configuration.acquireTimeout = .milliseconds(50)
            configuration.connections = 1
            let narrow = PostgresPool(configuration, logger: Logger(label: "test"))
            defer { narrow.close() }
            try await narrow.withConnection { _ in
                let error = await #expect(throws: PostgresError.self) { try await narrow.query("select 1 as n") }
                #expect(error?.code == .poolExhausted)
            }
            try await narrow.query("select 1 as n")
        }
    }

    @Test func brokenConnectionsAreReplaced() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            try await pool.query("select 1 as n")
            #expect(pool.health.idle == 1)
            var other = pool.configuration
            other.connections = 1
            let killer = PostgresPool(other, logger: Logger(label: "test"))
            defer { killer.close() }
            try await killer.query(
                """
                select pg_terminate_backend(pid, 5000) as ended from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
                """)
            #expect(try await pool.query("select 2 as n").first?["n"] == 2)
            #expect(pool.health.open == 1)
        }
    }

    @Test func aWrongDatabaseIsToldAtOnce() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            var configuration = pool.configuration
            configuration.connectionString += " dbname=nowhere"
            let wrong = PostgresPool(configuration, logger: Logger(label: "test"))
            let error = await #expect(throws: PostgresError.self) { try await wrong.query("select 1 as n") }
            #expect(error?.code == .cannotConnect)
            #expect(error?.sqlState == "3D000")
            #expect(wrong.health.lastFailure?.sqlState == "3D000")
        }
    }

    @Test func onlyOneHoldsAnAdvisoryLock() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let inner = try await pool.withAdvisoryLock("duty") { _ in
                try await pool.withAdvisoryLock("duty") { _ in true }
            }
            #expect(inner == .some(nil))
            #expect(try await pool.withAdvisoryLock("duty") { _ in true } == true)
        }
    }

    @Test func listenersHearNotifications() async throws {
        try await PostgresFixture.shared.withEmptyDatabase { pool in
            let (heard, send) = AsyncStream.makeStream(of: PostgresNotification.self)
            let listener = Task { try await pool.listen(to: "news \"1\"") { send.yield($0) } }
            var notifications = heard.makeAsyncIterator()
            #expect(await notifications.next() == .listening)
            try await pool.notify("news \"1\"", "hello")
            #expect(await notifications.next() == .received("hello"))
            listener.cancel()
            await #expect(throws: CancellationError.self) { try await listener.value }
        }
    }
}
