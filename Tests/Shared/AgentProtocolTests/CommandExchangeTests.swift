import AgentProtocol
import Cryptography
import JSON
import Model
import Testing

@Suite struct CommandExchangeTests {
    static let id = "0123456789abcdef0123456789abcdef"

    private func order() throws -> CommandOrder {
        CommandOrder(
            agent: try #require(AgentID("000102030405060708090a0b0c0d0e0f")), epoch: .max, id: Self.id,
            kind: "disk-check", arguments: .object([("runs", .number("3"))]), expires: Timestamp(milliseconds: 9))
    }

    @Test func aSignedOrderComesBackAsItWas() throws {
        let key = try Ed25519PrivateKey.generate()
        let signed = try SignedOrder(order(), with: key)
        let answer = try CommandAnswer(json: CommandAnswer(orders: [signed], cancelled: [Self.id]).json)
        #expect(answer.cancelled == [Self.id])
        let read = try #require(answer.orders.first).verified(with: key.publicKey)
        #expect(read.epoch == .max)
        #expect(read.id == Self.id)
        #expect(read.arguments["runs"]?.int == 3)
        #expect(read.expires == Timestamp(milliseconds: 9))
    }

    @Test func anotherKeyAndAnotherByteAreNoOrder() throws {
        let key = try Ed25519PrivateKey.generate()
        var signed = try SignedOrder(order(), with: key)
        #expect(throws: ProtocolError.self) {
            try signed.verified(with: try Ed25519PrivateKey.generate().publicKey)
        }
        signed.body[20] ^= 1
        #expect(throws: ProtocolError.self) { try signed.verified(with: key.publicKey) }
    }

    @Test func reportsComeBackAsTheyWere() throws {
        let question = CommandQuestion(
            epoch: 7,
            reports: [
                CommandReport(id: Self.id, state: .running, progress: 0.5, words: "run 1 of 3"),
                CommandReport(id: Self.id, state: .done, progress: 1, result: Array(#"{"grade":"fast"}"#.utf8)),
            ])
        #expect(try CommandQuestion(json: question.json) == question)
    }

    @Test(arguments: [
        "", "{}", #"{"epoch":"x","reports":[]}"#, #"{"epoch":"1"}"#,
        #"{"epoch":"1","reports":[{"id":"../../etc","state":"done","words":""}]}"#,
        #"{"epoch":"1","reports":[{"id":"0123456789abcdef0123456789abcdef","state":"lost","words":""}]}"#,
        #"{"epoch":"1","reports":[{"id":"0123456789abcdef0123456789abcdef","state":"done","words":"","progress":2}]}"#,
    ]) func whatIsNoQuestionIsRefused(text: String) {
        #expect(throws: ProtocolError.self) { try CommandQuestion(json: Array(text.utf8)) }
    }

    @Test func tooManyReportsAreRefused() {
        let reports = Array(
            repeating: CommandReport(id: Self.id, state: .running), count: CommandQuestion.limit + 1)
        #expect(throws: ProtocolError.self) {
            try CommandQuestion(json: CommandQuestion(epoch: 1, reports: reports).json)
        }
    }
}
