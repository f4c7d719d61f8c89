import AgentProtocol
import Cryptography
import JSON
import Logging
import Model
import Synchronization
import TestSupport
import Testing

@testable import Orders

/// An aggregator that gives orders, and what it was told.
final class StubAggregator: Sendable {
    private struct State {
        var answers: [CommandAnswer] = []
        var reports: [CommandReport] = []
        var waiting: [(CheckedContinuation<CommandReport, Never>, @Sendable (CommandReport) -> Bool)] = []
    }

    private let state = Mutex(State())
    let key: Ed25519PrivateKey
    let agent: AgentID
    let now = Timestamp(milliseconds: 1_795_435_000_000)
    static let epoch: UInt64 = 77

    init() throws {
        key = try Ed25519PrivateKey.generate()
        agent = try #require(AgentID("000102030405060708090a0b0c0d0e0f"))
    }

    func order(
        _ id: Character, kind: String = "test", agent: AgentID? = nil, epoch: UInt64 = epoch,
        lifetime: Duration = .seconds(60), key: Ed25519PrivateKey? = nil
    ) throws -> SignedOrder {
        try SignedOrder(
            CommandOrder(
                agent: agent ?? self.agent, epoch: epoch, id: String(repeating: id, count: 32), kind: kind,
                arguments: .string("x"), expires: now + lifetime), with: key ?? self.key)
    }

    /// The next question is answered with this.
    func give(_ answer: CommandAnswer) { state.withLock { $0.answers.append(answer) } }

    var line: OrderDesk.Line {
        OrderDesk.Line(epoch: { Self.epoch }, now: { self.now }, exchange: { question in self.answer(question) })
    }

    private func answer(_ question: CommandQuestion) -> CommandAnswer {
        state.withLock { state in
            for report in question.reports {
                state.reports.append(report)
                for (continuation, _) in state.waiting.filter({ $0.1(report) }) {
                    continuation.resume(returning: report)
                }
                state.waiting.removeAll { $0.1(report) }
            }
            return state.answers.isEmpty ? CommandAnswer() : state.answers.removeFirst()
        }
    }

    /// The first report, of those that came and those to come, that `fits`.
    func report(where fits: @escaping @Sendable (CommandReport) -> Bool) async -> CommandReport {
        await withCheckedContinuation { continuation in
            let found = state.withLock { state -> CommandReport? in
                if let found = state.reports.first(where: fits) { return found }
                state.waiting.append((continuation, fits))
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }
}

/// Does nothing, until it is told to end or is cancelled.
struct TestKind: OrderKind {
    let name = "test"
    let begun = Tally()
    var body: @Sendable () async throws -> [UInt8] = { Array("{}".utf8) }

    func run(
        _ arguments: JSONValue, onProgress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> [UInt8] {
        begun.add()
        onProgress(0.5, "half")
        return try await body()
    }
}

/// A count that several may raise.
final class Tally: Sendable {
    private let value = Mutex(0)
    func add() { value.withLock { $0 += 1 } }
    var count: Int { value.withLock { $0 } }
}

@Suite(.timeLimit(.minutes(1))) struct OrderDeskTests {
    private let aggregator: StubAggregator
    private let directory: TemporaryDirectory

    init() throws {
        aggregator = try StubAggregator()
        directory = try TemporaryDirectory()
    }

    private func desk(
        _ kind: TestKind, allowed: Set<String> = ["test"], knowsKey: Bool = true
    ) throws -> OrderDesk {
        OrderDesk(
            authority: OrderDesk.Authority(
                agent: aggregator.agent, key: knowsKey ? aggregator.key.publicKey : nil, allowed: allowed),
            kinds: [kind], executed: try ExecutedOrders(path: directory.file("orders.json")), line: aggregator.line,
            logger: Logger(label: "test"))
    }

    private func running(_ desk: OrderDesk, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await desk.run() }
            desk.wake()
            try await body()
            group.cancelAll()
        }
    }

    @Test func anOrderIsCarriedOutAndReported() async throws {
        let kind = TestKind()
        aggregator.give(CommandAnswer(orders: [try aggregator.order("a")]))
        try await running(try desk(kind)) {
            let report = await aggregator.report { $0.state.isFinal }
            #expect(report.state == .done)
            #expect(report.result == Array("{}".utf8))
        }
        #expect(kind.begun.count == 1)
    }

    @Test func anOrderIsCarriedOutOnceAlsoByTheNextAgent() async throws {
        let kind = TestKind()
        let order = try aggregator.order("a")
        for expected in [CommandReport.State.done, .refused] {
            let aggregator = aggregator
            aggregator.give(CommandAnswer(orders: [order]))
            try await running(try desk(kind)) { _ = await aggregator.report { $0.state == expected } }
        }
        #expect(kind.begun.count == 1)
    }

    @Test func whatTheHostDoesNotAllowIsRefused() async throws {
        let kind = TestKind()
        aggregator.give(CommandAnswer(orders: [try aggregator.order("a")]))
        try await running(try desk(kind, allowed: ["snapshot"])) {
            let report = await aggregator.report { $0.state.isFinal }
            #expect(report.state == .refused)
            #expect(report.words.contains("commands:"))
        }
        #expect(kind.begun.count == 0)
    }

    @Test func anOrderOutOfTimeOrEpochIsRefused() async throws {
        let kind = TestKind()
        aggregator.give(
            CommandAnswer(orders: [
                try aggregator.order("a", lifetime: .seconds(0)), try aggregator.order("b", epoch: 78),
                try aggregator.order("c", lifetime: .seconds(86_401)), try aggregator.order("d", kind: "unknown"),
            ]))
        try await running(try desk(kind)) {
            for id in ["a", "b", "c", "d"] {
                let report = await aggregator.report { $0.id.hasPrefix(id) }
                #expect(report.state == .refused)
            }
        }
        #expect(kind.begun.count == 0)
    }

    @Test func whatIsNotSignedOrForAnotherIsNotAnsweredAtAll() async throws {
        let kind = TestKind()
        let stranger = try Ed25519PrivateKey.generate()
        let other = try #require(AgentID("ffffffffffffffffffffffffffffffff"))
        aggregator.give(
            CommandAnswer(orders: [
                try aggregator.order("a", key: stranger), try aggregator.order("b", agent: other),
                try aggregator.order("c"),
            ]))
        try await running(try desk(kind)) {
            let report = await aggregator.report { $0.state.isFinal }
            #expect(report.id.hasPrefix("c"))
        }
        #expect(kind.begun.count == 1)
    }

    @Test func withoutACommandKeyNothingIsBelieved() async throws {
        let kind = TestKind()
        aggregator.give(CommandAnswer(orders: [try aggregator.order("a")]))
        let desk = try desk(kind, knowsKey: false)
        try await running(desk) { try await Task.sleep(for: .milliseconds(50)) }
        #expect(kind.begun.count == 0)
    }

    @Test func aCancelledOrderEndsAndSaysSo() async throws {
        var kind = TestKind()
        kind.body = {
            try await Task.sleep(for: .seconds(1000))
            return []
        }
        let order = try aggregator.order("a")
        aggregator.give(CommandAnswer(orders: [order]))
        aggregator.give(CommandAnswer(cancelled: [String(repeating: "a", count: 32)]))
        try await running(try desk(kind)) {
            let report = await aggregator.report { $0.state.isFinal }
            #expect(report.state == .cancelled)
        }
    }

    @Test func anAgentThatWasStoppedSaysSoWhenItIsBack() async throws {
        var kind = TestKind()
        kind.body = {
            try await Task.sleep(for: .seconds(1000))
            return []
        }
        aggregator.give(CommandAnswer(orders: [try aggregator.order("a")]))
        try await running(try desk(kind)) { _ = await aggregator.report { $0.state == .running } }
        try await running(try desk(TestKind())) {
            let report = await aggregator.report { $0.state == .failed }
            #expect(report.words.contains("stopped"))
        }
    }

    @Test func anotherOrderWaitsForTheFirstByBeingRefused() async throws {
        var kind = TestKind()
        kind.body = {
            try await Task.sleep(for: .seconds(1000))
            return []
        }
        aggregator.give(CommandAnswer(orders: [try aggregator.order("a"), try aggregator.order("b")]))
        try await running(try desk(kind)) {
            let report = await aggregator.report { $0.state == .refused }
            #expect(report.id.hasPrefix("b"))
        }
        #expect(kind.begun.count == 1)
    }
}
