import AgentProtocol
import JSON
import Model
import Testing

@Suite struct MessageTests {
    @Test func anEnrolmentRequestComesBack() throws {
        let request = EnrolmentRequest(
            token: "emt_abc", node: "db-1.example", publicKey: Array(0..<32), agentVersion: "1.0.0")
        #expect(try EnrolmentRequest(json: request.json) == request)
    }

    @Test(
        arguments: [
            ("node", .string("-x")), ("node", .string("")), ("node", .string("a b")), ("node", .string("a/b")),
            ("publicKey", .string("AAAA")), ("publicKey", .string("not base64")), ("token", .null),
            ("agentVersion", .number("1")), ("token", .string(String(repeating: "x", count: 200))),
        ] as [(String, JSONValue)])
    func anEnrolmentRequestIsCheckedMemberByMember(member: String, value: JSONValue) throws {
        let good = EnrolmentRequest(token: "emt_abc", node: "n1", publicKey: Array(0..<32), agentVersion: "1")
        let members = try #require(try JSONValue(parsing: good.json).object)
        let bad = JSONValue.object(members.map { ($0.0, $0.0 == member ? value : $0.1) })
        let error = #expect(throws: ProtocolError.self) { try EnrolmentRequest(json: bad.serialized()) }
        #expect(error?.code == .badMember && error?.message.contains("\"\(member)\"") == true)
    }

    @Test func anEnrolmentResponseComesBack() throws {
        let agent = try #require(AgentID("000102030405060708090a0b0c0d0e0f"))
        let response = EnrolmentResponse(agentID: agent, cluster: "prod", node: "n1")
        #expect(try EnrolmentResponse(json: response.json) == response)
    }

    @Test func aStateComesBackWithAll64Bits() throws {
        let state = MemberState(
            isReachable: true, clusterID: EtcdID(.max), memberID: EtcdID(0x8e9e_05c5_2164_694d), leader: EtcdID(1),
            term: .max, version: "3.5.1", isLearner: true,
            alarms: [MemberState.Alarm(member: EtcdID(1), kind: "NOSPACE")],
            members: [
                MemberState.Member(
                    id: EtcdID(.max), name: "m1", peerURLs: ["https://a:2380"], clientURLs: [], isLearner: false)
            ],
            processStart: Timestamp(milliseconds: 1_795_434_998_215))
        #expect(try MemberState(json: state.json) == state)
        let text = String(decoding: state.json, as: UTF8.self)
        #expect(text.contains(#""clusterID":"ffffffffffffffff""#))
        #expect(text.contains(#""term":"18446744073709551615""#))
    }

    @Test func aStateOfWhichLittleIsKnownComesBack() throws {
        let state = MemberState(isReachable: false, reason: "connection refused")
        #expect(try MemberState(json: state.json) == state)
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"reachable\":1,\"learner\":false}",
        "{\"reachable\":true,\"learner\":false,\"leader\":\"xyz\"}",
        "{\"reachable\":true,\"learner\":false,\"members\":[{}]}",
        "{\"reachable\":true,\"learner\":false,\"alarms\":[{\"member\":\"1\"}]}",
    ])
    func whatIsNoStateIsAnError(text: String) {
        #expect(throws: ProtocolError.self) { try MemberState(json: Array(text.utf8)) }
    }

    @Test(arguments: ProblemCode.allCases)
    func everyProblemComesBack(code: ProblemCode) throws {
        let problem = Problem(code, "What happened.", serverTime: Timestamp(milliseconds: 1_795_434_998_215))
        #expect(try Problem(json: problem.json) == problem)
        #expect(ProblemCode(type: code.type) == code)
        #expect(400...599 ~= code.status)
        #expect(try JSONValue(parsing: problem.json)["status"]?.int == code.status)
    }

    @Test func aProblemThatIsNotOursIsAnError() {
        #expect(throws: ProtocolError.self) { try Problem(json: Array(#"{"type":"about:blank"}"#.utf8)) }
        #expect(throws: ProtocolError.self) { try Problem(json: Array("<html>".utf8)) }
    }
}
