import AgentProtocol
import Cryptography
import FrameCodec
import Model
import Spool
import Synchronization
import TestSupport
import Testing

@testable import Uplink

@Suite(.timeLimit(.minutes(1))) struct BatchSenderTests {
    let delivery: Delivery

    init() throws {
        delivery = try Delivery()
    }

    private func posted(_ requests: [StubHTTPServer.Request]) throws -> [Posted] {
        let key = delivery.identity.key.publicKey
        return try requests.map { try Posted($0, key: key, keyID: delivery.identity.agent.description) }
    }

    @Test func batchesAreSentInOrderSignedAndOverOneConnection() async throws {
        let server = try StubHTTPServer { _ in .accepted }
        let sender = delivery.sender(to: [server])
        let first = try await delivery.append(3)
        try await delivery.running(sender) {
            try await delivery.waitUntilEmpty()
            try await delivery.append(1)
            sender.wake()
            try await delivery.waitUntilEmpty()
        }
        let all = try posted(server.requests)
        #expect(all.map(\.header.sequence) == first + [first[2] + 1])
        #expect(all.allSatisfy { $0.header.agent == delivery.identity.agent })
        #expect(server.connectionCount == 1)
        #expect(sender.status.acknowledgedBatches == 4)
        #expect(sender.status.awaySince == nil)
        #expect(sender.status.sentBytes > 0)
    }

    @Test func aStaleSignatureIsMadeAgainByTheAggregatorsClock() async throws {
        let ahead = delivery.clock.clock.now + .seconds(3600)
        let script = Script(.problem(.staleSignature, serverTime: ahead), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append()
        try await delivery.running(sender) {
            try await delivery.waitUntilEmpty()
            try await delivery.append()
            sender.wake()
            try await delivery.waitUntilEmpty()
        }
        let all = try posted(server.requests)
        #expect(all.map(\.header.sequence) == [1, 1, 2])
        #expect(all[1].created - all[0].created >= 3590)
        #expect(all[2].created - all[1].created >= 5, "the offset stays")
        #expect(sender.status.clockOffset > .seconds(3590))
        #expect(sender.status.failures == ["stale-signature": 1])
    }

    @Test func missingContextSendsTheSegmentAgain() async throws {
        let script = Script(.accepted, .accepted, .problem(.missingContext), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append(3)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        #expect(try posted(server.requests).map(\.header.sequence) == [1, 2, 3, 1, 2, 3])
    }

    @Test func missingContextOfASegmentsFirstBatchIsNotAskedForEver() async throws {
        let script = Script(.problem(.missingContext), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append(2)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        #expect(try posted(server.requests).map(\.header.sequence) == [1, 2])
        #expect(sender.status.refusedBatches == 1)
    }

    @Test(arguments: [ProblemCode.malformedBatch, .impossibleTimestamp, .bodyTooLarge, .decompressionTooLarge])
    func aBatchThatWillNeverBeTakenDoesNotHoldUpTheOthers(code: ProblemCode) async throws {
        let script = Script(.problem(code), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append(2)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        #expect(try posted(server.requests).map(\.header.sequence) == [1, 2])
        #expect(sender.status.refusedBatches == 1)
        #expect(sender.status.acknowledgedBatches == 1)
        #expect(
            delivery.logs.entries.contains { $0.metadata["code"] == code.rawValue && $0.metadata["sequence"] == "1" })
    }

    @Test func aConflictBeginsANewEpoch() async throws {
        let script = Script(.problem(.conflictingSequence), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append()
        try await delivery.running(sender) {
            try await delivery.waitUntilEmpty()
            try await delivery.append()
            sender.wake()
            try await delivery.waitUntilEmpty()
        }
        let all = try posted(server.requests)
        #expect(all.count == 2)
        #expect(all[0].header.epoch != all[1].header.epoch)
        #expect(all[1].header.sequence == 1)
    }

    @Test(arguments: [
        StubHTTPServer.Response.problem(.overloaded), .problem(.internal), .text("bad gateway", status: 502), .hangUp,
    ]) func aFailureLosesNothing(failure: StubHTTPServer.Response) async throws {
        let script = Script(failure, failure, .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server])
        try await delivery.append(2)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        #expect(try posted(server.requests).map(\.header.sequence) == [1, 1, 1, 2])
        #expect(sender.status.acknowledgedBatches == 2)
        #expect(delivery.logs.messages.filter { $0.hasPrefix("a batch was not taken;") }.count == 1, "said once")
    }

    @Test func whatARestoredAggregatorLacksIsSentAgain() async throws {
        let epoch = await delivery.spool.nextSlot.epoch
        let answers = Mutex([[SequenceRange(epoch: epoch, sequences: 1...1)]])
        let server = try StubHTTPServer { request in
            guard request.target == AgentProtocol.ledgerPath else { return .accepted }
            let lacking = answers.withLock { $0.isEmpty ? [] : $0.removeFirst() }
            return .answer(status: 200, body: LedgerAnswer(lacking: lacking).json)
        }
        let sender = delivery.sender(to: [server]) { $0.questionDelay = .zero ... .zero }
        try await delivery.append(3)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        let questions = server.requests.filter { $0.target == AgentProtocol.ledgerPath }
        #expect(questions.count == 1, "once for each connection")
        let question = try LedgerQuestion(json: try #require(questions.first).body)
        #expect(question.held == [SequenceRange(epoch: epoch, sequences: 1...1)])
        let batches = server.requests.filter { $0.target == AgentProtocol.batchesPath }
        #expect(try posted(batches).map(\.header.sequence) == [1, 1, 2, 3])
        #expect(delivery.logs.messages.contains { $0.hasPrefix("the aggregator lacks batches") })
    }

    @Test func aRevokedAgentSaysSoKeepsMeasuringAndAsksSlowly() async throws {
        let script = Script(.problem(.revokedAgent), .problem(.revokedAgent), .accepted)
        let server = try StubHTTPServer { _ in script.next() }
        let sender = delivery.sender(to: [server]) { $0.refusedPause = .milliseconds(20) }
        try await delivery.append(2)
        try await delivery.running(sender) {
            _ = await server.waitForRequests(1)
            while !sender.status.isRefused { await Task.yield() }
            #expect(await delivery.spool.status.pending == 2)
            try await delivery.waitUntilEmpty()
        }
        #expect(!sender.status.isRefused)
        #expect(sender.status.failures["revoked-agent"] == 2)
    }

    @Test func theNextAggregatorIsTriedWhenOneDoesNotAnswer() async throws {
        let dead = try StubHTTPServer { _ in .hangUp }
        let alive = try StubHTTPServer { _ in .accepted }
        let sender = delivery.sender(to: [dead, alive])
        try await delivery.append(3)
        try await delivery.running(sender) { try await delivery.waitUntilEmpty() }
        #expect(dead.requests.count == 1)
        #expect(try posted(alive.requests).map(\.header.sequence) == [1, 2, 3])
        #expect(sender.status.aggregator == alive.url)
    }

    @Test func whatAnOutageLeftBehindDoesNotHoldUpWhatIsMeasuredNow() async throws {
        let gate = Gate()
        let server = try StubHTTPServer { _ in gate.isOpen ? .accepted : .problem(.overloaded) }
        let sender = delivery.sender(to: [server])
        try await delivery.append(1)
        try await delivery.running(sender) { [delivery] in
            while sender.status.awaySince == nil { await Task.yield() }
            #expect(!sender.isLongAway)
            try await delivery.append(12)
            #expect(sender.isLongAway)
            gate.open()
            try await delivery.waitUntilEmpty()
        }
        #expect(!sender.isLongAway)
        // The first success turned the rest into history, which went out all the same.
        let sequences = try posted(server.requests).map(\.header.sequence)
        #expect(Set(sequences) == Set(1...13))
        #expect(await delivery.spool.nextSlot.startsSegment, "what is measured now has a segment of its own")
    }
}

/// Closed until it is opened.
private final class Gate: Sendable {
    private let state = Mutex(false)

    var isOpen: Bool { state.withLock { $0 } }

    func open() {
        state.withLock { $0 = true }
    }
}
