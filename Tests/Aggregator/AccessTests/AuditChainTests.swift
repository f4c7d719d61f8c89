import Cryptography
import Model
import Testing

@testable import Access

@Suite struct AuditChainTests {
    private let event = AuditEvent(
        actor: "alice", address: "192.0.2.1", action: "enrol-agent", object: "node-1", cluster: "prod",
        outcome: .done, reason: "token made")

    /// Computed with Python's hashlib from the description in AuditChain.swift.
    @Test func theHashIsTheDocumentedOne() {
        let hash = AuditChain.hash(
            after: AuditChain.start, sequence: 1, at: Timestamp(milliseconds: 1_790_000_000_000), event: event)
        #expect(Hex.encode(hash) == "81e8b2bf163c94ff98898b9428066af89a44a4f1c096c1aef0aa86da7ac3d203")
    }

    @Test func everyFieldCounts() {
        let base = AuditChain.hash(after: AuditChain.start, sequence: 1, at: Timestamp(milliseconds: 5), event: event)
        var hashes: Set<[UInt8]> = [base]
        var variants = Array(repeating: event, count: 7)
        variants[0].actor = "bob"
        variants[1].address = ""
        variants[2].action = "revoke-agent"
        variants[3].object = "node-2"
        variants[4].cluster = nil
        variants[5].outcome = .refused
        variants[6].reason = "token"
        for variant in variants {
            hashes.insert(
                AuditChain.hash(after: AuditChain.start, sequence: 1, at: Timestamp(milliseconds: 5), event: variant))
        }
        hashes.insert(
            AuditChain.hash(after: AuditChain.start, sequence: 2, at: Timestamp(milliseconds: 5), event: event))
        hashes.insert(
            AuditChain.hash(after: AuditChain.start, sequence: 1, at: Timestamp(milliseconds: 6), event: event))
        hashes.insert(AuditChain.hash(after: base, sequence: 1, at: Timestamp(milliseconds: 5), event: event))
        #expect(hashes.count == 11)
    }

    @Test func textThatMovesBetweenFieldsIsSeen() {
        var moved = event
        (moved.actor, moved.address) = ("alice1", "92.0.2.1")
        let at = Timestamp(milliseconds: 5)
        #expect(
            AuditChain.hash(after: AuditChain.start, sequence: 1, at: at, event: event)
                != AuditChain.hash(after: AuditChain.start, sequence: 1, at: at, event: moved))
    }

    @Test func longAndStrangeTextsAreBounded() {
        let event = AuditEvent(
            actor: String(repeating: "x", count: 5000), action: "a\0b", reason: String(repeating: "y", count: 5000))
        #expect(event.actor.count == 256)
        #expect(event.reason.count == 1000)
        #expect(event.action == "a?b")
    }
}

@Suite struct StrangerCountsTests {
    @Test func refusalsAreSummedBySourceAndReason() {
        var counts = StrangerCounts()
        for _ in 0..<500 { counts.count(source: "192.0.2.1", reason: "unknown-agent") }
        counts.count(source: "192.0.2.2", reason: "bad-signature")
        let events = counts.drain()
        #expect(events.map(\.reason) == ["unknown-agent, 500 times in a minute", "bad-signature, 1 times in a minute"])
        #expect(counts.drain().isEmpty)
    }

    @Test func aFloodFromManySourcesStaysBounded() {
        var counts = StrangerCounts(capacity: 32)
        for number in 0..<100_000 { counts.count(source: "2001:db8::\(number)", reason: "unknown-agent") }
        let events = counts.drain()
        #expect(events.count == 33)
        #expect(events.last?.reason == "99968 more refusals of further addresses in a minute")
    }
}
