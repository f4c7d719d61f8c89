import Logging
import Model
import Postgres
import TestSupport
import Testing

@testable import Access

@Suite(.enabled(if: PostgresFixture.unavailable == nil)) struct AccessServiceTests {
    /// A service on a fresh database, a clock to move, and the first administrator signed in.
    private struct Stage {
        var access: AccessService
        var clock: ManualWallClock
        var pool: PostgresPool
        var password: String
        var admin: Principal

        func user(_ name: String, _ grants: Grants, _ password: String = "correct horse battery") async throws {
            _ = try await access.createUser(name, password: password, grants: grants, by: admin, from: "")
        }

        func signIn(_ name: String, _ password: String = "correct horse battery") async throws -> NewSession {
            try await access.signIn(name: name, password: password, from: "192.0.2.1")
        }
    }

    private func withStage(_ body: (Stage) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let logger = Logger(label: "test")
            let access = try AccessService(
                pool: pool, audit: AuditLog(pool: pool, clock: clock.clock, logger: logger), clock: clock.clock,
                logger: logger)
            let password = try #require(try await access.makeFirstAdministrator())
            let session = try await access.signIn(name: "admin", password: password, from: "192.0.2.1")
            try await body(
                Stage(access: access, clock: clock, pool: pool, password: password, admin: session.principal))
        }
    }

    private func code(_ body: () async throws -> Void) async -> AccessError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? AccessError)?.code
        }
    }

    // MARK: Start

    @Test func theFirstStartMakesOneAdministrator() async throws {
        try await withStage { stage in
            #expect(stage.password.count >= 20)
            #expect(stage.admin.grants == Grants(everywhere: .admin))
            let second = try await stage.access.makeFirstAdministrator()
            #expect(second == nil)
            let users = try await stage.access.users()
            #expect(users.map(\.name) == ["admin"])
        }
    }

    @Test func twoFirstStartsAtOnceMakeOneAdministrator() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let logger = Logger(label: "test")
            let services = try (0..<2).map { _ in
                try AccessService(pool: pool, audit: AuditLog(pool: pool, logger: logger), logger: logger)
            }
            async let first = services[0].makeFirstAdministrator()
            async let second = services[1].makeFirstAdministrator()
            let passwords = try await [first, second].compactMap { $0 }
            #expect(passwords.count == 1)
        }
    }

    // MARK: Signing in

    @Test func wrongNameAndWrongPasswordLookAlike() async throws {
        try await withStage { stage in
            var answers: Set<AccessError> = []
            for name in ["admin", "nobody", "", "a\0b", String(repeating: "x", count: 10_000)] {
                do {
                    _ = try await stage.signIn(name, "wrong password!")
                    Issue.record("\(name.prefix(10)) came in")
                } catch let error as AccessError {
                    answers.insert(error)
                }
            }
            #expect(answers.map(\.code) == [.wrongCredentials])
        }
    }

    @Test func guessingIsSlowedDownAndTheRightPasswordToo() async throws {
        try await withStage { stage in
            for _ in 0..<5 {
                #expect(await code { _ = try await stage.signIn("admin", "wrong password!") } == .wrongCredentials)
            }
            #expect(await code { _ = try await stage.signIn("admin", stage.password) } == .tooManyAttempts)
            stage.clock.advance(by: .seconds(1))
            _ = try await stage.signIn("admin", stage.password)
        }
    }

    @Test func tooManyPasswordsAtOnceAreRefusedAtOnce() async throws {
        try await withStage { stage in
            let codes = await withTaskGroup(of: AccessError.Code?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        await code {
                            _ = try await stage.access.signIn(
                                name: "user\(number)", password: "x", from: "198.51.100.\(number)")
                        }
                    }
                }
                return await group.reduce(into: [AccessError.Code?]()) { $0.append($1) }
            }
            #expect(codes.contains(.overloaded))
            #expect(codes.allSatisfy { $0 == .overloaded || $0 == .wrongCredentials })
        }
    }

    @Test func signInsAreRecordedAndFailuresSummedUp() async throws {
        try await withStage { stage in
            _ = await code { _ = try await stage.signIn("admin", "wrong password!") }
            try await stage.access.audit.recordStrangers()
            let entries = try await stage.access.audit.list()
            #expect(entries.map(\.event.action) == ["request", "sign-in", "manage-users"])
            #expect(entries.first?.event.reason == "sign-in as admin refused, 1 times in a minute")
        }
    }

    // MARK: Sessions

    @Test func aSessionEndsWhenIdleAndAtTheLatestAfterAWeek() async throws {
        try await withStage { stage in
            let idle = try await stage.signIn("admin", stage.password)
            stage.clock.advance(by: .seconds(12 * 3600 - 1))
            _ = try await stage.access.authenticate(session: idle.id)
            stage.clock.advance(by: .seconds(12 * 3600 + 1))
            #expect(await code { _ = try await stage.access.authenticate(session: idle.id) } == .unauthenticated)

            let busy = try await stage.signIn("admin", stage.password)
            for _ in 0..<16 {
                stage.clock.advance(by: .seconds(10 * 3600))
                _ = try await stage.access.authenticate(session: busy.id)
            }
            stage.clock.advance(by: .seconds(8 * 3600))
            #expect(await code { _ = try await stage.access.authenticate(session: busy.id) } == .unauthenticated)
        }
    }

    @Test func signingOutEndsTheSession() async throws {
        try await withStage { stage in
            let session = try await stage.signIn("admin", stage.password)
            try await stage.access.signOut(session: session.id, from: "192.0.2.1")
            #expect(await code { _ = try await stage.access.authenticate(session: session.id) } == .unauthenticated)
            #expect(try await stage.access.audit.list(limit: 1).map(\.event.action) == ["sign-out"])
        }
    }

    @Test(arguments: ["", "x", String(repeating: "A", count: 43), String(repeating: "\u{0}", count: 43)])
    func anUnknownSessionIsRefused(_ id: String) async throws {
        try await withStage { stage in
            #expect(await code { _ = try await stage.access.authenticate(session: id) } == .unauthenticated)
        }
    }

    @Test func aNewPasswordEndsAllSessions() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .viewer))
            let session = try await stage.signIn("bob")
            #expect(
                await code {
                    try await stage.access.changePassword(
                        of: "bob", to: "another long password", current: "wrong", by: session.principal, from: "")
                } == .wrongCredentials)
            try await stage.access.changePassword(
                of: "bob", to: "another long password", current: "correct horse battery", by: session.principal,
                from: "")
            #expect(await code { _ = try await stage.access.authenticate(session: session.id) } == .unauthenticated)
            _ = try await stage.signIn("bob", "another long password")
        }
    }

    @Test func aChangedRoleCountsAtOnceAndEndsSessions() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .admin))
            let session = try await stage.signIn("bob")
            try await stage.access.setGrants(
                of: "bob", to: Grants(everywhere: nil, clusters: ["prod": .viewer]), by: stage.admin, from: "")
            #expect(await code { _ = try await stage.access.authenticate(session: session.id) } == .unauthenticated)
            let again = try await stage.signIn("bob")
            #expect(again.principal.grants == Grants(everywhere: nil, clusters: ["prod": .viewer]))
        }
    }

    // MARK: Users

    @Test func aViewerCannotManageUsersAndTheAttemptIsRecorded() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .viewer))
            let bob = try await stage.signIn("bob").principal
            #expect(
                await code {
                    try await stage.access.setGrants(
                        of: "bob", to: Grants(everywhere: .admin), by: bob, from: "192.0.2.9")
                } == .forbidden)
            let entry = try #require(try await stage.access.audit.list(limit: 1).first)
            #expect(entry.event.actor == "bob" && entry.event.outcome == .refused)
            #expect(entry.event.action == "manage-users" && entry.event.address == "192.0.2.9")
        }
    }

    @Test func theLastAdministratorStays() async throws {
        try await withStage { stage in
            #expect(
                await code { try await stage.access.deleteUser("admin", by: stage.admin, from: "") }
                    == .lastAdministrator)
            #expect(
                await code {
                    try await stage.access.setGrants(
                        of: "admin", to: Grants(everywhere: .viewer), by: stage.admin, from: "")
                } == .lastAdministrator)
            try await stage.user("bob", Grants(everywhere: .admin))
            try await stage.access.deleteUser("admin", by: stage.admin, from: "")
            #expect(try await stage.access.users().map(\.name) == ["bob"])
        }
    }

    @Test(arguments: [
        ("Bob", "correct horse battery"), ("", "correct horse battery"), ("-bob", "correct horse battery"),
        ("bob", "short"), ("bob", "aaaaaaaaaaaaaaaa"), ("bob-the-builder", "bob-the-builder"),
        ("bob", String(repeating: "long", count: 100)),
    ])
    func namesAndPasswordsHaveToBeFit(_ name: String, _ password: String) async throws {
        try await withStage { stage in
            #expect(await code { try await stage.user(name, Grants(everywhere: .viewer), password) } == .invalid)
        }
    }

    @Test func aNameIsTakenOnce() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .viewer))
            #expect(await code { try await stage.user("bob", Grants(everywhere: .viewer)) } == .alreadyExists)
            #expect(await code { try await stage.access.deleteUser("eve", by: stage.admin, from: "") } == .notFound)
        }
    }

    // MARK: Tokens

    @Test func aTokenLetsInWithItsOwnLimits() async throws {
        try await withStage { stage in
            let (token, secret) = try await stage.access.createToken(
                named: "ci", role: .operator, clusters: ["prod"], lifetime: .seconds(3600), by: stage.admin, from: "")
            #expect(secret.hasPrefix("emu_") && secret.count == 47)
            let principal = try await stage.access.authenticate(bearer: secret)
            #expect(principal.kind == .token(id: token.id) && principal.name == "admin/ci")
            #expect(principal.grants == Grants(everywhere: .operator) && principal.clusters == ["prod"])
            #expect(try await stage.access.tokens(of: stage.admin).map(\.lastUsedAt) == [stage.clock.now])
            stage.clock.advance(by: .seconds(3601))
            #expect(await code { _ = try await stage.access.authenticate(bearer: secret) } == .unauthenticated)
        }
    }

    @Test func aTokenNeverHasMoreThanItsOwner() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .operator))
            let bob = try await stage.signIn("bob").principal
            #expect(
                await code {
                    _ = try await stage.access.createToken(
                        named: "ci", role: .admin, clusters: nil, lifetime: nil, by: bob, from: "")
                } == .forbidden)
            let (_, secret) = try await stage.access.createToken(
                named: "ci", role: .operator, clusters: nil, lifetime: nil, by: bob, from: "")
            try await stage.access.setGrants(of: "bob", to: Grants(everywhere: .viewer), by: stage.admin, from: "")
            #expect(try await stage.access.authenticate(bearer: secret).grants == Grants(everywhere: .viewer))
            try await stage.access.deleteUser("bob", by: stage.admin, from: "")
            #expect(await code { _ = try await stage.access.authenticate(bearer: secret) } == .unauthenticated)
        }
    }

    @Test func tokensAreRevokedByTheirOwnerOrAnAdministrator() async throws {
        try await withStage { stage in
            try await stage.user("bob", Grants(everywhere: .viewer))
            try await stage.user("eve", Grants(everywhere: .viewer))
            let (bob, eve) = (try await stage.signIn("bob").principal, try await stage.signIn("eve").principal)
            let (token, secret) = try await stage.access.createToken(
                named: "ci", role: .viewer, clusters: nil, lifetime: nil, by: bob, from: "")
            #expect(await code { try await stage.access.revokeToken(token.id, by: eve, from: "") } == .notFound)
            #expect(try await stage.access.tokens(of: eve).isEmpty)
            #expect(await code { _ = try await stage.access.tokens(of: eve, everyones: true) } == .forbidden)
            #expect(try await stage.access.tokens(of: stage.admin, everyones: true).map(\.owner) == ["bob"])
            try await stage.access.revokeToken(token.id, by: stage.admin, from: "")
            #expect(await code { _ = try await stage.access.authenticate(bearer: secret) } == .unauthenticated)
        }
    }

    @Test func theHostsOperatorMakesATokenForAUser() async throws {
        try await withStage { stage in
            let (token, secret) = try await stage.access.createToken(
                named: "demo", role: .admin, clusters: nil, lifetime: nil, for: "admin", by: .local, from: "")
            #expect(token.owner == "admin")
            #expect(try await stage.access.authenticate(bearer: secret).role == .admin)
        }
    }

    @Test(arguments: ["", "emu_", "emu_" + String(repeating: "A", count: 43), "Bearer x"])
    func anUnknownTokenIsRefused(_ secret: String) async throws {
        try await withStage { stage in
            #expect(await code { _ = try await stage.access.authenticate(bearer: secret) } == .unauthenticated)
        }
    }

    // MARK: What is stored

    @Test func noSecretIsStoredOrRecorded() async throws {
        try await withStage { stage in
            let (_, secret) = try await stage.access.createToken(
                named: "ci", role: .viewer, clusters: nil, lifetime: nil, by: stage.admin, from: "")
            let session = try await stage.signIn("admin", stage.password)
            let tables = ["account", "session", "api_token", "audit_entry"]
            for table in tables {
                let rows = try await stage.pool.query("select t::text as row from \(unsafe: table) t")
                for row in rows {
                    let text: String = try row["row"]
                    #expect(!text.contains(secret) && !text.contains(session.id) && !text.contains(stage.password))
                }
            }
            guard case .intact = try await stage.access.audit.verify() else {
                Issue.record("the audit chain is broken")
                return
            }
        }
    }
}
