import AgentProtocol
import FrameCodec
import Model
import Synchronization
import TestSupport
import Testing

@testable import etcd_monitor_agent

/// A whole agent on real etcd: scrape, frame, spool, signature, request.
@Suite(.timeLimit(.minutes(2))) struct LiveAgentTests {
    private func agent(
        _ cluster: EtcdFixture, _ indices: [Int] = [0], scrape: String, metricsURL: String? = nil
    ) throws -> LiveAgent {
        try LiveAgent(
            members: indices.map { index in
                let member = cluster.members[index]
                return (member.name, member.clientURL, metricsURL, member.dataDirectory)
            }, scrape: scrape)
    }

    /// etcd counts the scrapes it has answered, so each body tells which it is.
    private static let ordinal = #"promhttp_metric_handler_requests_total{code="200"}"#

    @Test(arguments: EtcdVersion.allCases) func whatArrivesIsWhatEtcdSaid(version: EtcdVersion) async throws {
        if !version.isInstalled { try Test.cancel("etcd \(version) is not at \(version.program)") }
        try await EtcdFixture.with(version) { cluster in
            let proxy = try RecordingProxy(before: cluster.members[0].clientURL)
            let agent = try agent(cluster, scrape: "1s", metricsURL: proxy.url)
            try await agent.running { received in
                let frames = try await received.first { received in
                    // On a busy machine a scrape may not be answered in time: that is an answer of its own.
                    let frames = received.frames.filter { $0.source == 0 && $0.values["up"] == 1 }
                    return frames.count >= 4 ? frames : nil
                }
                let scrapes = proxy.scrapes
                for frame in frames {
                    let count = try #require(frame.values[Self.ordinal])
                    let scrape = try #require(scrapes.first { $0[Self.ordinal] == count })
                    #expect(scrape.count > 300)
                    for (series, value) in scrape {
                        let arrived = frame.values[series]
                        #expect(
                            arrived == value || (value.isNaN && arrived?.isNaN == true),
                            "\(series): \(value) became \(String(describing: arrived))")
                    }
                }
                #expect(frames.contains { $0.values[#"etcd_monitor_read_seconds{type="linearizable"}"#] != nil })
                #expect(frames.contains { $0.values["etcd_monitor_is_leader"] == 1 })
                #expect(
                    frames.contains { $0.values.keys.filter { $0.hasPrefix("etcd_monitor_known_member{") }.count == 1 })
                let grid = frames.dropFirst().map(\.timestamp)
                for (one, next) in zip(grid, grid.dropFirst()) { #expect((next - one).milliseconds % 1000 == 0) }
                let info = try #require(frames[0].values.keys.first { $0.hasPrefix("etcd_monitor_member_info{") })
                #expect(info.contains(#"member="m1""#) && info.contains(#"node="n1""#))
                #expect(info.contains(#"version="\#(version)""#))
                #expect(received.sources[0]?.port == UInt16(cluster.members[0].clientPort))
                #expect(received.sources[1]?.kind == .host && received.sources[2]?.kind == .agent)
                // The process's start comes with the first metrics, which a busy machine may give later.
                let state = try #require(received.states.first { $0.state.processStart != nil })
                #expect(state.state.isReachable && state.state.version == version.rawValue)
                #expect(state.state.leader == state.state.memberID)
            }
        }
    }

    @Test func aKilledMemberIsDownWithAReasonAndItsReturnIsSeen() async throws {
        try await EtcdFixture.with(.v3_4_23) { cluster in
            let agent = try agent(cluster, scrape: "60s")
            try await agent.running { received in
                let before = try await received.first { $0.states.first }
                await cluster.kill(0)
                // The grid's next tick is far away: what comes was sent for the change.
                let down = try await received.first { $0.states.first { !$0.state.isReachable } }
                #expect(down.state.reason.hasPrefix("refused: "))
                #expect(down.state.memberID == before.state.memberID, "what was known stays")
                let frame = try #require(received.frames.last { $0.source == 0 && $0.sequence == down.sequence })
                #expect(frame.values["up"] == 0)
                #expect(frame.values[#"etcd_monitor_scrape_failure{reason="refused"}"#] == 1)
                #expect(frame.values["etcd_server_has_leader"] == nil, "its own series end")
                try await cluster.start(0)
                let back = try await received.first {
                    $0.states.first { $0.sequence > down.sequence && $0.state.isReachable }
                }
                #expect(back.state.reason.isEmpty)
                let again = try await received.first { received in
                    received.states.last { $0.state.processStart != before.state.processStart }
                }
                #expect(again.state.processStart != nil, "it is another process")
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases) func aKilledLeaderIsToldAtOnceByTheOthers(version: EtcdVersion) async throws
    {
        if !version.isInstalled { try Test.cancel("etcd \(version) is not at \(version.program)") }
        try await EtcdFixture.with(version, members: 3) { cluster in
            let agent = try agent(cluster, [0, 1, 2], scrape: "60s")
            try await agent.running { received in
                let states = try await received.first { received in
                    let leaders = (0..<3).compactMap { source in
                        received.states.last { $0.source == source && $0.state.leader != nil }
                    }
                    return leaders.count == 3 ? leaders : nil
                }
                let old = try #require(states[0].state.leader)
                let victim = try #require(states.firstIndex { $0.state.memberID == old })
                await cluster.kill(victim)
                for survivor in [0, 1, 2] where survivor != victim {
                    let new = try await received.first { received in
                        received.states.last {
                            $0.source == survivor && $0.state.leader != nil && $0.state.leader != old
                        }
                    }
                    #expect(new.state.term ?? 0 > states[survivor].state.term ?? .max)
                    #expect(new.state.members.count == 3)
                }
                let down = try await received.first { $0.states.last { $0.source == victim && !$0.state.isReachable } }
                #expect(down.state.reason.hasPrefix("refused"))
            }
        }
    }

    @Test func aFrozenMemberDelaysNeitherTheHostNorTheOthers() async throws {
        try await EtcdFixture.with(.v3_4_23) { cluster in
            let agent = try agent(cluster, scrape: "1s")
            try await agent.running { received in
                _ = try await received.first { $0.frames.first { $0.source == 0 && $0.values["up"] == 1 } }
                cluster.freeze(0)
                let frozen = try await received.first { received in
                    received.frames.first {
                        $0.source == 0 && $0.values[#"etcd_monitor_scrape_failure{reason="timeout"}"#] == 1
                    }
                }
                let since = received.frames.count
                let hosts = try await received.first { received in
                    let hosts = received.frames.dropFirst(since).filter { $0.source == 1 }
                    return hosts.count >= 3 ? hosts : nil
                }
                #expect(frozen.values["up"] == 0)
                #expect(hosts.allSatisfy { $0.values["up"] == 1 })
                let state = try await received.first { $0.states.last { !$0.state.isReachable } }
                #expect(state.state.reason.hasPrefix("timeout"))
                cluster.thaw(0)
                _ = try await received.first { $0.states.last.flatMap { $0.state.isReachable ? $0 : nil } }
            }
        }
    }

    @Test func garbageIsAnAnswerToo() async throws {
        let server = try StubHTTPServer { request in .text(request.target == "/metrics" ? "a{b\n" : "<html>") }
        let agent = try LiveAgent(members: [("m1", server.url, nil, "/nowhere")], scrape: "1s")
        try await agent.running { received in
            let frame = try await received.first { $0.frames.first { $0.source == 0 } }
            #expect(frame.values["up"] == 0)
            #expect(frame.values[#"etcd_monitor_scrape_failure{reason="garbage"}"#] == 1)
            let state = try await received.first { $0.states.first }
            #expect(!state.state.isReachable && state.state.reason.hasPrefix("garbage"))
        }
    }

    @Test func whatDidNotChangeIsThereAgainAfterAScrapeThatFailed() async throws {
        let scrapes = Mutex(0)
        let server = try StubHTTPServer { request in
            guard request.target == "/metrics" else { return .text("<html>") }
            let number = scrapes.withLock { count in
                count += 1
                return count
            }
            // A connection that is merely cut is tried again at once.
            return .text("etcd_server_quota_backend_bytes 2147483648\n", status: number == 2 ? 503 : 200)
        }
        let agent = try LiveAgent(members: [("m1", server.url, nil, "/nowhere")], scrape: "1s")
        try await agent.running { received in
            _ = try await received.first { $0.frames.first { $0.source == 0 && $0.values["up"] == 0 } }
            let since = received.frames.count
            let again = try await received.first { received in
                received.frames.dropFirst(since).first { $0.source == 0 && $0.values["up"] == 1 }
            }
            #expect(again.values["etcd_server_quota_backend_bytes"] == 2_147_483_648)
        }
    }

    @Test func aStatusThatIsDeniedLeavesTheMetrics() async throws {
        let server = try StubHTTPServer { request in
            request.target == "/metrics"
                ? .text("etcd_server_has_leader 1\n")
                : .json(#"{"error":"etcdserver: permission denied","code":7}"#, status: 403)
        }
        let agent = try LiveAgent(members: [("m1", server.url, nil, "/nowhere")], scrape: "1s")
        try await agent.running { received in
            let frame = try await received.first { $0.frames.first { $0.source == 0 } }
            #expect(frame.values["up"] == 1)
            #expect(frame.values["etcd_server_has_leader"] == 1)
            #expect(frame.values["etcd_monitor_status_up"] == 0)
            let state = try await received.first { $0.states.first }
            #expect(state.state.isReachable && state.state.reason.hasPrefix("unauthorised"))
            #expect(state.state.term == nil)
        }
    }
}
