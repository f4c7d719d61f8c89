import Logging
import Model
import Postgres
import PromQL
import TestSupport
import Testing

@testable import Rules

/// The built-in rules over simulated clusters, with real PromQL and a real database.
@Suite(.enabled(if: PostgresFixture.unavailable == nil)) struct BuiltInRulesTests {
    /// What one run of the rules gave.
    private struct Outcome {
        var sink: RecordingSink
        /// Alerts that fire after the last evaluation, sorted.
        var firing: [Alert]
        /// Those and the pending ones, and the recently resolved.
        var all: [Alert]

        var names: [String] { firing.map(\.short) }
    }

    /// Evaluates at each of `seconds`.
    private func evaluate(
        _ cluster: SimulatedCluster, _ seconds: some Sequence<Int>, file: RuleFile? = nil
    ) async throws -> Outcome {
        try await PostgresFixture.shared.withDatabase { pool in
            let sink = RecordingSink()
            let runner = RuleGroupRunner(
                group: try #require(try (file ?? RuleFile.builtIn().first)?.groups.first),
                engine: PromQLEngine(source: cluster.source), series: cluster.source, alerts: sink,
                settings: RuleSettings(), logger: Logger(label: "test"))
            let token = try await pool.withConnection {
                try await AlertStore.takeOver(at: SimulatedCluster.origin, in: $0)
            }
            for second in seconds {
                _ = try await runner.evaluate(
                    at: SimulatedCluster.origin + .seconds(second), token: token, pool: pool)
            }
            for rule in runner.status.rules { #expect(rule.health == .ok, "\(rule.rule.id): \(rule.lastError ?? "")") }
            let all = runner.status.rules.flatMap(\.alerts).sorted { $0.short < $1.short }
            return Outcome(sink: sink, firing: all.filter { $0.state == .firing }, all: all)
        }
    }

    private func every5(_ range: ClosedRange<Int>) -> StrideThrough<Int> {
        stride(from: range.lowerBound, through: range.upperBound, by: 5)
    }

    @Test func aHealthyClusterIsQuiet() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, _ in .init(isLeader: host == 0) }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(outcome.all.isEmpty)
        #expect(outcome.sink.announced.isEmpty)
    }

    // MARK: 1 of 3 members down

    @Test func oneOfThreeMembersDownIsNamedAndQuorumIsNotLost() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(etcd: !(host == 1 && second > 150), isLeader: host == 0, peers: second > 155 ? [0, 2] : [0, 1, 2])
        }
        let early = try await evaluate(cluster, every5(0...170))
        #expect(early.names == ["EtcdMemberDown m2 firing"])
        let later = try await evaluate(cluster, every5(0...300))
        #expect(later.names == ["EtcdMemberDown m2 firing", "EtcdQuorumAtRisk prod-eu firing"])
        let down = try #require(later.firing.first)
        #expect(down.labels["cluster"] == "prod-eu" && down.labels["instance"] == "node-2:2379")
        #expect(down.labels["node"] == "node-2")
        #expect(down.annotations["summary"] == "The etcd member m2 (node-2:2379) of the cluster prod-eu is down.")
        #expect(later.firing.last?.annotations["summary"]?.contains("voting members down: 1") == true)
    }

    @Test func membersThatCannotBeReadAreNotDown() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(etcd: second < 100, isLeader: host == 0, failure: second < 100 ? nil : "tls")
        }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(outcome.names.allSatisfy { $0.hasPrefix("EtcdMemberUnreadable") })
        #expect(outcome.firing.count == 3)
    }

    @Test func aMemberThatComesBackResolvesItsAlert() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(etcd: !(host == 1 && (100...200).contains(second)), isLeader: host == 0)
        }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(outcome.firing.isEmpty)
        #expect(
            outcome.sink.announced.map(\.short).sorted() == [
                "EtcdMemberDown m2 firing", "EtcdMemberDown m2 resolved", "EtcdQuorumAtRisk prod-eu firing",
                "EtcdQuorumAtRisk prod-eu resolved",
            ])
    }

    @Test func aShortRestartOfAFollowerTellsNobody() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(
                etcd: !(host == 1 && second == 100), isLeader: host == 0, start: host == 1 && second > 100 ? 100 : -9999
            )
        }
        #expect(try await evaluate(cluster, every5(0...300)).sink.announced.isEmpty)
    }

    // MARK: The leader

    @Test func aKilledLeaderIsToldInTheEvaluationThatSeesTheNewOneAndEndsAfterTwoMinutes() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...400) { host, second in
            .init(etcd: !(host == 0 && second > 100), isLeader: host == (second > 100 ? 2 : 0))
        }
        let at = try await evaluate(cluster, every5(0...105))
        #expect(at.names == ["EtcdLeaderChanged m3 firing"])
        #expect(
            at.firing.first?.annotations["summary"]
                == "The leader of the etcd cluster prod-eu changed: m3 (node-3:2379) leads now.")
        let after = try await evaluate(cluster, every5(0...225))
        #expect(after.names == ["EtcdMemberDown m1 firing", "EtcdQuorumAtRisk prod-eu firing"])
    }

    @Test func aLeadershipThatIsHandedOverIsToldToo() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...200) { host, second in .init(isLeader: host == (second > 100 ? 1 : 0)) }
        #expect(try await evaluate(cluster, every5(0...105)).names == ["EtcdLeaderChanged m2 firing"])
    }

    @Test func aNewClustersFirstElectionIsNoChange() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...60) { host, second in
            .init(isLeader: host == 0 && second > 5, hasLeader: second > 5)
        }
        let outcome = try await evaluate(cluster, every5(0...60))
        #expect(outcome.sink.announced.isEmpty)
    }

    @Test func aFollowerThatLosesSightOfTheLeaderIsNoChange() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...200) { host, second in
            .init(isLeader: host == 0, hasLeader: !(host == 2 && (100...110).contains(second)))
        }
        #expect(try await evaluate(cluster, every5(0...200)).sink.announced.isEmpty)
    }

    @Test func noLeaderAlthoughAMajorityIsUpIsCritical() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...200) { host, second in .init(isLeader: host == 0 && second < 100, hasLeader: second < 100) }
        let outcome = try await evaluate(cluster, every5(0...200))
        #expect(outcome.names == ["EtcdNoLeader prod-eu firing"])
        #expect(outcome.firing.first?.labels["severity"] == "critical")
    }

    @Test func anElectionSeenOnceTellsNobody() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...200) { host, second in .init(isLeader: host == 0 && second != 100, hasLeader: second != 100) }
        #expect(try await evaluate(cluster, every5(0...200)).sink.announced.isEmpty)
    }

    // MARK: Silence

    /// The agents cannot reach the aggregator, etcd runs: the third member says that there is a leader.
    @Test func twoOfThreeAgentsSilentIsNeitherAMemberDownNorALostQuorum() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...400) { host, second in .init(agent: !(host > 0 && second > 100), isLeader: host == 0) }
        let outcome = try await evaluate(cluster, every5(0...400))
        #expect(outcome.names == ["EtcdAgentSilent node-2 firing", "EtcdAgentSilent node-3 firing"])
    }

    /// The hosts are dead: the third member has lost its peers and its leader.
    @Test func twoOfThreeHostsDeadIsALostQuorumAndNamesTheMembers() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...400) { host, second in
            .init(
                agent: !(host > 0 && second > 100), isLeader: host == 1 && second <= 100,
                hasLeader: second <= 105, peers: second > 110 ? [0] : [0, 1, 2])
        }
        let soon = try await evaluate(cluster, every5(0...120))
        #expect(soon.names == ["EtcdQuorumLost prod-eu firing"])
        let outcome = try await evaluate(cluster, every5(0...400))
        #expect(
            outcome.names == [
                "EtcdHostDown node-2 firing", "EtcdHostDown node-3 firing", "EtcdMemberDown m2 firing",
                "EtcdMemberDown m3 firing", "EtcdQuorumLost prod-eu firing",
            ])
    }

    /// One host is dead: its agent is silent, and its peers have lost it.
    @Test func oneOfThreeHostsDeadIsAMemberDown() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...800) { host, second in
            .init(agent: !(host == 2 && second > 100), isLeader: host == 0, peers: second > 105 ? [0, 1] : [0, 1, 2])
        }
        // Also after the five minutes in which PromQL would still see the last of m3's own series.
        for end in [300, 800] {
            let outcome = try await evaluate(cluster, every5(0...end))
            #expect(
                outcome.names == [
                    "EtcdHostDown node-3 firing", "EtcdMemberDown m3 firing", "EtcdQuorumAtRisk prod-eu firing",
                ])
        }
    }

    @Test func allHostsSilentIsCritical() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...200) { host, second in .init(agent: second < 100, isLeader: host == 0) }
        let outcome = try await evaluate(cluster, every5(0...200))
        #expect(
            outcome.names == [
                "EtcdAgentSilent node-1 firing", "EtcdAgentSilent node-2 firing", "EtcdAgentSilent node-3 firing",
                "EtcdClusterUnseen prod-eu firing",
            ])
    }

    // MARK: Quorum

    @Test func twoOfThreeMembersDownIsALostQuorum() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(etcd: !(host > 0 && second > 100), isLeader: host == 0 && second <= 100, hasLeader: second <= 105)
        }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(
            outcome.names == [
                "EtcdMemberDown m2 firing", "EtcdMemberDown m3 firing", "EtcdQuorumLost prod-eu firing",
            ])
    }

    @Test func allMembersDownIsALostQuorum() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in .init(etcd: second <= 100, isLeader: host == 0) }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(outcome.names.filter { $0.hasPrefix("EtcdMemberDown") }.count == 3)
        #expect(outcome.names.contains("EtcdQuorumLost prod-eu firing"))
    }

    @Test func aLearnerThatIsDownCostsNoQuorum() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...300) { host, second in
            .init(etcd: !(host == 2 && second > 100), isLeader: host == 0, isLearner: host == 2)
        }
        // Two voters and a learner, as the voters know them.
        for second in stride(from: 0, through: 300, by: 5) {
            for host in 0..<2 {
                let identity: [String: String] = [
                    "job": "etcd", "cluster": "prod-eu", "instance": "node-\(host + 1):2379",
                    "known_id": cluster.memberID(2), "known_name": "m3",
                ]
                let voter = Labels(identity.merging(["known_role": "voter"]) { $1 }.map { Label($0.key, $0.value) })
                let learner = Labels(identity.merging(["known_role": "learner"]) { $1 }.map { Label($0.key, $0.value) })
                cluster.add("etcd_monitor_known_member", voter, second, nil)
                cluster.add("etcd_monitor_known_member", learner, second, 1)
            }
        }
        let outcome = try await evaluate(cluster, every5(0...300))
        #expect(outcome.names == ["EtcdMemberDown m3 firing"])
    }

    @Test func clustersAreToldApart() async throws {
        let first = SimulatedCluster()
        first.write(0...200) { host, second in .init(etcd: !(host == 1 && second > 100), isLeader: host == 0) }
        var second = SimulatedCluster(name: "test-us")
        second.count = 3
        let both = SimulatedCluster()
        for cluster in ["prod-eu", "test-us"] {
            var part = both
            part.name = cluster
            part.write(0...200) { host, second in
                .init(etcd: !(cluster == "prod-eu" && host == 1 && second > 100), isLeader: host == 0)
            }
        }
        let outcome = try await evaluate(both, every5(0...200))
        #expect(outcome.firing.allSatisfy { $0.labels["cluster"] == "prod-eu" })
        #expect(outcome.names == ["EtcdMemberDown m2 firing", "EtcdQuorumAtRisk prod-eu firing"])
    }

    @Test func anAlarmOfEtcdIsCritical() async throws {
        let cluster = SimulatedCluster()
        cluster.write(0...60) { host, _ in .init(isLeader: host == 0) }
        for host in 1...3 {
            cluster.add(
                "etcd_monitor_alarm",
                [
                    "job": "etcd", "cluster": "prod-eu", "instance": "node-\(host):2379", "alarm": "NOSPACE",
                    "alarm_member_id": cluster.memberID(1),
                ], 60, 1)
        }
        let outcome = try await evaluate(cluster, [60])
        #expect(outcome.firing.map { $0.labels["alertname"] } == ["EtcdAlarmRaised"])
    }

    // MARK: The mixin

    /// The mixin's own rules give what Prometheus gives for them: one of three down is no lack of members.
    @Test func theMixinIsRightWithOneOfThreeMembersDownAndWithTwoHostsSilent() async throws {
        let mixin = try RuleFile(file: RuleFileTests.fixtures + "/etcd-mixin.yaml")
        let one = SimulatedCluster()
        one.write(0...1800) { host, second in .init(etcd: !(host == 1 && second > 100), isLeader: host == 0) }
        let down = try await evaluate(one, stride(from: 0, through: 1800, by: 30), file: mixin)
        #expect(down.firing.map { $0.labels["alertname"] } == ["etcdMembersDown"])

        let two = SimulatedCluster()
        two.write(0...1800) { host, second in .init(agent: !(host > 0 && second > 100), isLeader: host == 0) }
        let silent = try await evaluate(two, stride(from: 0, through: 1800, by: 30), file: mixin)
        #expect(silent.firing.compactMap { $0.labels["alertname"] }.contains("etcdInsufficientMembers"))
    }
}
