import AgentProtocol
import Cryptography
import Fleet
import JSON
import Logging
import Model
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct CommandDeskTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A cluster of three nodes, n2 its leader, and a desk.
    private struct World: Sendable {
        let fleet: FleetService
        let desk: CommandDesk
        let agents: [AgentRecord]
        let key: Ed25519PrivateKey
        let standing: Standing

        func answer(_ agent: Int, _ reports: [CommandReport] = []) async throws -> CommandAnswer {
            try await desk.answer(CommandQuestion(epoch: 5, reports: reports), from: agents[agent])
        }

        func orders(_ agent: Int, _ reports: [CommandReport] = []) async throws -> [CommandOrder] {
            try await answer(agent, reports).orders.map { try $0.verified(with: key.publicKey) }
        }
    }

    private final class Standing: Sendable {
        let value = Mutex<ClusterStanding?>(ClusterStanding(margin: 1, leaderNode: "n2"))
    }

    private func with(_ body: @Sendable (World) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let fleet = FleetService(pool: pool, logger: Self.logger)
            try await fleet.load()
            var agents: [AgentRecord] = []
            for number in 1...3 {
                let token = try await fleet.makeEnrolmentToken(cluster: "prod", by: "test")
                agents.append(
                    try await fleet.enrol(
                        Enrolment(
                            token: token.secret, node: "n\(number)",
                            publicKey: [UInt8](repeating: UInt8(number), count: 32), agentVersion: "1")
                    ).agent)
            }
            let key = try Ed25519PrivateKey.generate()
            let standing = Standing()
            let desk = CommandDesk(
                pool: pool, fleet: fleet, key: key, standing: { _ in standing.value.withLock { $0 } },
                logger: Self.logger)
            try await body(World(fleet: fleet, desk: desk, agents: agents, key: key, standing: standing))
        }
    }

    private func wish() throws -> DiskCheckWish {
        try DiskCheckWish(member: nil, profile: "etcd", runs: 3, jobs: 1)
    }

    @Test func aCheckGoesFromTheWishToTheResult() async throws {
        try await with { world in
            let asked = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")
            let id = try #require(asked.first?.id)
            #expect(world.desk.isWaiting(for: world.agents[0].id))
            #expect(!world.desk.isWaiting(for: world.agents[1].id))
            let order = try #require(try await world.orders(0).first)
            #expect(order.id == id)
            #expect(order.kind == "disk-check")
            #expect(order.epoch == 5)
            #expect(order.agent == world.agents[0].id)
            #expect(order.arguments["runs"]?.int == 3)
            #expect(try await world.desk.command(id, of: "prod").state == .sent)
            #expect(try await world.orders(0).first?.id == id, "an answer may be lost: it is given again")
            let running = CommandReport(id: id, state: .running, progress: 0.25, words: "run 1 of 3")
            #expect(try await world.orders(0, [running]).isEmpty)
            #expect(try await world.desk.command(id, of: "prod").progress == 0.25)
            let done = CommandReport(id: id, state: .done, progress: 1, result: Array(#"{"grade":"fast"}"#.utf8))
            _ = try await world.answer(0, [done])
            let command = try await world.desk.command(id, of: "prod")
            #expect(command.state == .done)
            #expect(command.result?["grade"]?.string == "fast")
            #expect(command.finishedAt != nil)
            #expect(!world.desk.isWaiting(for: world.agents[0].id))
        }
    }

    @Test func ofAClusterOneAtATimeFollowersFirst() async throws {
        try await with { world in
            let asked = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: nil, by: "ann")
            #expect(asked.map(\.node) == ["n1", "n2", "n3"])
            #expect(try await world.orders(1).isEmpty, "the leader is last")
            #expect(try await world.orders(2).isEmpty, "n1 is first")
            for node in [0, 2, 1] {
                let order = try #require(try await world.orders(node).first)
                for other in 0...2 where other != node { #expect(try await world.orders(other).isEmpty) }
                _ = try await world.answer(node, [CommandReport(id: order.id, state: .done, progress: 1)])
            }
        }
    }

    @Test func withoutAMemberToLoseNothingBegins() async throws {
        try await with { world in
            world.standing.value.withLock { $0?.margin = 0 }
            await #expect(throws: CommandError.self) {
                try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")
            }
            world.standing.value.withLock { $0?.margin = 1 }
            let asked = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")
            world.standing.value.withLock { $0?.margin = 0 }
            // The desk looks again when an agent says something of the cluster's commands.
            _ = try await world.answer(2, [CommandReport(id: String(repeating: "0", count: 32), state: .running)])
            #expect(try await world.orders(0).isEmpty)
            #expect(world.desk.obstacle(of: asked[0].id)?.contains("cannot lose a member") == true)
        }
    }

    @Test func whatHasNotBegunIsCancelledAtOnceAndWhatHasByItsAgent() async throws {
        try await with { world in
            let first = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")[0]
            try await world.desk.cancel(first.id, of: "prod", by: "bob")
            #expect(try await world.desk.command(first.id, of: "prod").state == .cancelled)
            await #expect(throws: CommandError.self) { try await world.desk.cancel(first.id, of: "prod", by: "bob") }
            let second = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")[0]
            _ = try await world.orders(0)
            let running = CommandReport(id: second.id, state: .running)
            #expect(try await world.answer(0, [running]).cancelled.isEmpty)
            try await world.desk.cancel(second.id, of: "prod", by: "bob")
            #expect(world.desk.isWaiting(for: world.agents[0].id))
            #expect(try await world.answer(0, [running]).cancelled == [second.id])
            _ = try await world.answer(0, [CommandReport(id: second.id, state: .cancelled, words: "cancelled")])
            #expect(try await world.desk.command(second.id, of: "prod").state == .cancelled)
        }
    }

    @Test func oneAgentSaysNothingOfAnothersCommands() async throws {
        try await with { world in
            let asked = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")[0]
            _ = try await world.orders(0)
            _ = try await world.answer(1, [CommandReport(id: asked.id, state: .done, progress: 1)])
            #expect(try await world.desk.command(asked.id, of: "prod").state == .sent)
            await #expect(throws: CommandError.self) { try await world.desk.command(asked.id, of: "other") }
        }
    }

    @Test func twiceAtOnceIsAConflict() async throws {
        try await with { world in
            _ = try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n1", by: "ann")
            await #expect(throws: CommandError.self) {
                try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: nil, by: "ann")
            }
            await #expect(throws: CommandError.self) {
                try await world.desk.requestDiskChecks(try wish(), cluster: "prod", node: "n9", by: "ann")
            }
        }
    }
}

@Suite struct DiskBaselineTests {
    private func command(_ number: Int64, p99: Double, node: String = "n1", advice: String = "") throws -> Command {
        let agent = try #require(AgentID("000102030405060708090a0b0c0d0e0f"))
        let result = #"{"latencies":{"p99":\#(p99)},"advice":[{"code":"\#(advice)"}]}"#
        return Command(
            number: number, id: "", cluster: "c", node: node, agent: agent, kind: "disk-check",
            arguments: .object([("profile", .string("etcd")), ("jobs", .number("1"))]), requestedBy: "",
            requestedAt: Timestamp(milliseconds: number), expiresAt: Timestamp(milliseconds: number), state: .done,
            progress: 1, words: "", isCancelled: false, startedAt: nil, finishedAt: nil,
            result: try JSONValue(parsing: Array(result.utf8)))
    }

    @Test(arguments: [
        ([0.002, 0.002], DiskBaseline.Drift.new),
        ([0.002, 0.003, 0.002, 0.0021], .steady),
        ([0.002, 0.003, 0.002, 0.0041], .slower),
        ([0.008, 0.009, 0.008, 0.0039], .faster),
        ([0.0002, 0.0002, 0.0002, 0.0011], .steady),
    ]) func theNewestIsComparedWithTheFirstThree(values: [Double], drift: DiskBaseline.Drift) throws {
        let commands = try values.enumerated().map { try command(Int64($0.offset), p99: $0.element) }
        let baselines = DiskBaseline.all(commands.reversed())
        #expect(baselines.map(\.drift) == [drift])
        #expect(baselines.first?.checks == values.count)
        #expect(baselines.first?.latestSeconds == values.last)
    }

    @Test func nodesAreComparedWithThemselves() throws {
        let baselines = DiskBaseline.all(
            [try command(1, p99: 0.001), try command(2, p99: 0.5, node: "n2")])
        #expect(baselines.map(\.node) == ["n1", "n2"])
        #expect(baselines.map(\.baselineSeconds) == [0.001, 0.5])
    }

    @Test func burstCreditIsRecognised() throws {
        let within = DiskBaseline.all([try command(1, p99: 0.02, advice: "slowing-down")])
        #expect(within.first?.isBurstExhausted == true)
        #expect(within.first?.sentence.contains("burst credit") == true)
        let over = try [0.002, 0.002, 0.002, 0.02].enumerated().map {
            try command(Int64($0.offset), p99: $0.element, advice: $0.offset == 3 ? "cloud-volume" : "")
        }
        #expect(DiskBaseline.all(over).first?.isBurstExhausted == true)
    }
}
