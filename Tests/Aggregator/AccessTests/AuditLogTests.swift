import Logging
import Model
import Postgres
import TestSupport
import Testing

@testable import Access

@Suite(.enabled(if: PostgresFixture.unavailable == nil)) struct AuditLogTests {
    private func withLog(_ body: (AuditLog, PostgresPool) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            try await body(AuditLog(pool: pool, logger: Logger(label: "test")), pool)
        }
    }

    private func fill(_ log: AuditLog, _ count: Int) async throws {
        for number in 1...count {
            try await log.append(AuditEvent(actor: "alice", action: "enrol-agent", object: "node-\(number)"))
        }
    }

    @Test func entriesAreListedNewestFirstInPages() async throws {
        try await withLog { log, _ in
            try await fill(log, 5)
            let first = try await log.list(limit: 2)
            #expect(first.map(\.event.object) == ["node-5", "node-4"])
            let second = try await log.list(before: first.last?.sequence, limit: 2)
            #expect(second.map(\.sequence) == [3, 2])
        }
    }

    @Test func entriesAreFilteredByClusterAndAction() async throws {
        try await withLog { log, _ in
            try await log.append(AuditEvent(actor: "a", action: "enrol-agent", cluster: "prod"))
            try await log.append(AuditEvent(actor: "b", action: "sign-in"))
            #expect(try await log.list(cluster: "prod").map(\.event.actor) == ["a"])
            #expect(try await log.list(action: "sign-in").map(\.event.actor) == ["b"])
        }
    }

    @Test func theChainStaysLinearWhenManyAppendAtOnce() async throws {
        try await withLog { log, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask { try await log.append(AuditEvent(actor: "task \(number)", action: "x")) }
                }
                try await group.waitForAll()
            }
            guard case .intact(let entries, _) = try await log.verify() else {
                Issue.record("the chain is broken")
                return
            }
            #expect(entries == 60)
        }
    }

    @Test func anEmptyLogIsIntact() async throws {
        try await withLog { log, _ in
            let result = try await log.verify()
            #expect(result == .intact(entries: 0, head: String(repeating: "0", count: 64)))
        }
    }

    @Test func entriesCannotBeChangedOrDeletedByAccident() async throws {
        try await withLog { log, pool in
            try await fill(log, 1)
            for statement: SQL in [
                "update audit_entry set actor = 'eve'", "delete from audit_entry", "truncate audit_entry",
            ] {
                await #expect(throws: PostgresError.self) { try await pool.execute(statement) }
            }
        }
    }

    /// What an attacker with the database's password does, and which entry is named.
    @Test(arguments: [
        ("update audit_entry set actor = 'eve' where sequence = 3", 3),
        ("update audit_entry set at = at + interval '1 ms' where sequence = 1", 1),
        ("update audit_entry set outcome = 'refused' where sequence = 5", 5),
        ("delete from audit_entry where sequence = 2", 2),
        ("delete from audit_entry where sequence = 5", 5),
        ("delete from audit_entry", 1),
        ("update audit_entry set hash = sha256('x') where sequence = 4", 4),
        ("update audit_head set sequence = 4, hash = (select hash from audit_entry where sequence = 4)", 5),
    ])
    func tamperingIsFoundAndNamed(_ statement: String, _ sequence: Int64) async throws {
        try await withLog { log, pool in
            try await fill(log, 5)
            try await pool.execute("alter table audit_entry disable trigger all")
            try await pool.execute("\(unsafe: statement)")
            guard case .broken(let found) = try await log.verify() else {
                Issue.record("not found: \(statement)")
                return
            }
            #expect(found.sequence == sequence)
        }
    }

    @Test func anActionThatIsRolledBackLeavesNoEntry() async throws {
        try await withLog { log, pool in
            struct Refused: Error {}
            await #expect(throws: Refused.self) {
                try await pool.transaction { connection in
                    try await log.append(AuditEvent(actor: "alice", action: "x"), in: connection)
                    throw Refused()
                }
            }
            try await fill(log, 1)
            #expect(try await log.list().map(\.sequence) == [1])
        }
    }

    @Test func strangersAreSummedUp() async throws {
        try await withLog { log, _ in
            for _ in 0..<1000 { log.count(stranger: "192.0.2.7", reason: "unknown-agent") }
            try await log.recordStrangers()
            let entries = try await log.list()
            #expect(entries.map(\.event.address) == ["192.0.2.7"])
            #expect(entries.map(\.event.reason) == ["unknown-agent, 1000 times in a minute"])
            #expect(entries.map(\.event.outcome) == [.refused])
        }
    }
}
