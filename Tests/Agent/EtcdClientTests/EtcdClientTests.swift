import HTTPClient
import JSON
import Model
import TestSupport
import Testing

@testable import EtcdClient

/// Against real members of each release.
@Suite struct EtcdClientTests {
    private static let patience = Duration.seconds(10)

    @Test(arguments: EtcdVersion.allCases) func aMemberTellsWhoItIs(version: EtcdVersion) async throws {
        try version.orSkip()
        try await EtcdFixture.with(version) { cluster in
            let client = EtcdClient(clientURL: cluster.members[0].clientURL + "/")
            let status = try await client.status(deadline: Self.patience)
            let list = try await client.members(deadline: Self.patience)
            #expect(status.version == version.rawValue)
            #expect(status.leader == status.memberID)
            #expect(status.term > 1)
            #expect(status.appliedIndex > 0)
            #expect(status.databaseBytes >= status.databaseInUseBytes)
            #expect(!status.isLearner)
            #expect(status.alarms.isEmpty)
            #expect(list.memberID == status.memberID)
            #expect(list.clusterID == status.clusterID)
            #expect(
                list.members == [
                    EtcdMembers.Member(
                        id: status.memberID, name: "m1", peerURLs: [cluster.members[0].peerURL],
                        clientURLs: [cluster.members[0].clientURL], isLearner: false)
                ])
        }
    }

    @Test(arguments: EtcdVersion.allCases) func metricsAndBothReadsAreAnswered(version: EtcdVersion) async throws {
        try version.orSkip()
        try await EtcdFixture.with(version) { cluster in
            let client = EtcdClient(clientURL: cluster.members[0].clientURL)
            let text = String(decoding: try await client.metrics(deadline: Self.patience), as: UTF8.self)
            #expect(text.contains("\netcd_server_has_leader 1\n"))
            for kind in EtcdClient.ReadKind.allCases {
                #expect(try await client.timeRead(kind, deadline: Self.patience) > .zero)
            }
        }
    }

    /// etcd sends Alarm GET through raft; Status has the same for nothing.
    @Test(arguments: EtcdVersion.allCases) func statusTellsAlarmsAsTheAlarmListDoes(version: EtcdVersion) async throws {
        try version.orSkip()
        try await EtcdFixture.with(version, extraArguments: ["--quota-backend-bytes", "65536"]) { cluster in
            let client = EtcdClient(clientURL: cluster.members[0].clientURL)
            #expect(try await client.alarms(deadline: Self.patience).isEmpty)
            let before = try await client.status(deadline: Self.patience)
            try await fill(cluster.members[0].clientURL)
            let status = try await client.status(deadline: Self.patience)
            let alarms = try await client.alarms(deadline: Self.patience)
            #expect(status.alarms == [EtcdAlarm(memberID: status.memberID, kind: "NOSPACE")])
            #expect(alarms == status.alarms)
            #expect(status.raftIndex > before.raftIndex)
            let index = try await client.status(deadline: Self.patience).raftIndex
            _ = try await client.status(deadline: Self.patience)
            #expect(try await client.status(deadline: Self.patience).raftIndex == index, "Status writes nothing")
        }
    }

    @Test(arguments: EtcdVersion.allCases) func withoutAQuorumTheMemberKnowsNoLeaderAndStillAnswers(
        version: EtcdVersion
    ) async throws {
        try version.orSkip()
        try await EtcdFixture.with(version, members: 3) { cluster in
            await cluster.kill(1)
            await cluster.kill(2)
            let client = EtcdClient(clientURL: cluster.members[0].clientURL)
            var status = try await client.status(deadline: Self.patience)
            // The election timeout passes before the member gives its leader up.
            while status.leader != nil { status = try await client.status(deadline: Self.patience) }
            #expect(try await client.members(deadline: Self.patience).members.count == 3)
            #expect(try await client.timeRead(.serializable, deadline: Self.patience) > .zero)
            let error = await #expect(throws: EtcdError.self) {
                try await client.timeRead(.linearizable, deadline: .milliseconds(500))
            }
            #expect(error?.code == .timeout || error?.code == .unavailable)
        }
    }

    @Test func aKilledMemberRefuses() async throws {
        try await EtcdFixture.with(.v3_4_23) { cluster in
            let client = EtcdClient(clientURL: cluster.members[0].clientURL)
            _ = try await client.status(deadline: Self.patience)
            await cluster.kill(0)
            #expect(await code { try await client.status(deadline: Self.patience) } == .refused)
            #expect(await code { try await client.metrics(deadline: Self.patience) } == .refused)
            try await cluster.start(0)
            _ = try await client.status(deadline: Self.patience)
        }
    }

    @Test func aFrozenMemberRunsIntoTheDeadline() async throws {
        try await EtcdFixture.with(.v3_4_23) { cluster in
            let client = EtcdClient(clientURL: cluster.members[0].clientURL)
            cluster.freeze(0)
            #expect(await code { try await client.status(deadline: .milliseconds(200)) } == .timeout)
            cluster.thaw(0)
            _ = try await client.status(deadline: Self.patience)
        }
    }

    /// Writes until the quota is reached and etcd raises its alarm.
    private func fill(_ url: String) async throws {
        let http = HTTPClient()
        let value = String(repeating: "QUFB", count: 4096)
        for number in 0..<64 {
            let key = Array("k\(number)".utf8).reduce(into: "") { text, byte in text += String(byte, radix: 16) }
            let body = #"{"key":"\#(key.count % 4 == 0 ? key : key + "AA")","value":"\#(value)"}"#
            let request = HTTPRequest("POST", url + "/v3/kv/put", body: Array(body.utf8))
            let response = try await http.send(request, deadline: Self.patience)
            if response.status != 200 { return }
        }
        Issue.record("the quota was never reached")
    }
}

/// The code of the error that `body` throws; nil if it throws none.
private func code<Value>(_ body: () async throws -> Value) async -> EtcdError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? EtcdError)?.code
    }
}

extension EtcdVersion {
    /// Cancels the test, visibly, where this release is not on the machine.
    func orSkip() throws {
        if !isInstalled { try Test.cancel("etcd \(self) is not at \(program)") }
    }
}

/// Against servers that are no etcd.
@Suite struct EtcdErrorTests {
    @Test(arguments: [
        (200, "<html>", EtcdError.Code.garbage), (200, "{}", .garbage), (200, "", .garbage),
        (200, #"{"header":{"cluster_id":"x","member_id":"1"},"version":"3"}"#, .garbage),
        (200, #"{"header":{"cluster_id":"1","member_id":"1"},"version":"3","raftTerm":[]}"#, .garbage),
        (404, "nothing here", .status), (500, #"{"error":"x","code":2}"#, .status),
        (503, #"{"error":"etcdserver: no leader","code":14,"message":"etcdserver: no leader"}"#, .unavailable),
        (403, #"{"error":"etcdserver: permission denied","code":7}"#, .unauthorised),
        (400, #"{"error":"etcdserver: user name is empty","code":3}"#, .unauthorised), (401, "", .unauthorised),
    ]) func whatIsNoStatusIsToldByItsKind(status: Int, body: String, code expected: EtcdError.Code) async throws {
        let server = try StubHTTPServer { _ in .json(body, status: status) }
        let client = EtcdClient(clientURL: server.url)
        #expect(await code { try await client.status(deadline: .seconds(10)) } == expected)
    }

    @Test func aServerThatNeverAnswersRunsIntoTheDeadline() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let client = EtcdClient(clientURL: server.url)
        #expect(await code { try await client.metrics(deadline: .milliseconds(100)) } == .timeout)
    }

    @Test func aServerThatHangsUpAnswersGarbage() async throws {
        let server = try StubHTTPServer { _ in .hangUp }
        let client = EtcdClient(clientURL: server.url)
        #expect(await code { try await client.metrics(deadline: .seconds(10)) } == .garbage)
    }

    @Test func moreMetricsThanAllowedAreRefused() async throws {
        let server = try StubHTTPServer { _ in .text(String(repeating: "x", count: 1000)) }
        let client = EtcdClient(clientURL: server.url)
        #expect(await code { try await client.metrics(maximumBytes: 999, deadline: .seconds(10)) } == .garbage)
        #expect(await code { try await client.metrics(maximumBytes: 1000, deadline: .seconds(10)) } == nil)
    }

    @Test func metricsAreReadAtTheirOwnURL() async throws {
        let server = try StubHTTPServer { request in .text(request.target) }
        let client = EtcdClient(clientURL: "http://127.0.0.1:1", metricsURL: server.url)
        #expect(try await client.metrics(deadline: .seconds(10)) == Array("/metrics".utf8))
    }

    @Test func idsOfSixtyFourBitsKeepEveryBit() throws {
        let text = #"{"header":{"cluster_id":"18446744073709551615","member_id":"9223372036854775808"},"members":[]}"#
        let list = try EtcdMembers(try JSONValue(parsing: Array(text.utf8)))
        #expect(list.clusterID == EtcdID(.max))
        #expect("\(list.memberID)" == "8000000000000000")
    }

    @Test(arguments: [
        "memberID:1 alarm:", "memberID:x alarm:NOSPACE", "etcdserver: no leader", "", "alarm:A memberID:1",
    ])
    func whatIsNoAlarmIsAnotherComplaint(text: String) {
        if text == "memberID:1 alarm:" {
            #expect(EtcdAlarm(statusError: text)?.kind == "")
        } else {
            #expect(EtcdAlarm(statusError: text) == nil)
        }
    }
}
