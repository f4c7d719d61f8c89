import Logging
import Model
import Postgres
import PromQL
import SeriesStore
import TestSupport
import Testing

@testable import Rules

/// What agents kept while they could not send comes late. It fills history; alerts are about now.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct LateDataTests {
    private static let text = """
        groups:
          - name: g
            rules:
              - {alert: High, expr: 'etcd_counter_total > 10'}
              - {alert: Low, expr: 'etcd_counter_total < 10', for: 30s}
              - {alert: Silent, expr: 'up == 0', for: 10s}
        """

    /// Alerts of a group over a store, as evaluations leave them.
    private struct Watch {
        let round: GroupRound
        var states: [String: AlertStates] = [:]

        init(_ store: SeriesStore) throws {
            let group = try #require(try RuleFile(LateDataTests.text, name: "f.yaml").groups.first)
            round = GroupRound(group: group, engine: PromQLEngine(source: store), settings: RuleSettings())
        }

        mutating func evaluate(at now: Timestamp) async throws {
            var recorded: [String: Set<Labels>] = [:]
            for result in await round.results(at: now, states: states, recorded: &recorded) {
                try #require(result.problem == nil)
                states[result.rule.id] = result.states
            }
        }

        /// `Silent firing`, in order.
        var alerts: [String] {
            states.values.flatMap(\.all).map(\.alert).map { "\($0.labels["alertname"] ?? "") \($0.state)" }.sorted()
        }
    }

    /// One minute live, four of silence; what was scraped meanwhile was too high.
    private func silence(
        _ pool: PostgresPool, _ body: (inout Watch, inout TestAgent, SeriesStore, MovableClock) async throws -> Void
    ) async throws {
        let clock = MovableClock(midnight)
        let store = try await SeriesStore.started(pool, clock)
        var agent = try await TestAgent("n1", in: pool)
        var watch = try Watch(store)
        for round in 0..<60 {
            clock.now = midnight + seconds(5 * round)
            if round < 12 {
                agent.fill(1)
                try await store.ingest([agent.batch(at: clock.now)])
            }
            try await watch.evaluate(at: clock.now)
        }
        // Pending and firing while it is heard; while it is not, nothing is known but that.
        #expect(watch.alerts == ["Low resolved", "Silent firing"])
        try await body(&watch, &agent, store, clock)
    }

    private func late(_ agent: inout TestAgent, _ store: SeriesStore, _ clock: MovableClock, _ rounds: Range<Int>)
        async throws
    {
        for round in rounds {
            agent.fill(100)
            try await store.ingest([agent.batch(at: midnight + seconds(5 * round), receivedAt: clock.now)])
        }
    }

    @Test func lateDataAloneNeitherFiresNorResolvesAnything() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            try await silence(pool) { watch, agent, store, clock in
                for round in 60..<66 {
                    clock.now = midnight + seconds(5 * round)
                    try await late(&agent, store, clock, (round * 4 - 228)..<(round * 4 - 224))
                    try await watch.evaluate(at: clock.now)
                }
                #expect(watch.alerts == ["Low resolved", "Silent firing"])
                // It did come: history has it.
                let history = try await PromQLEngine(source: store).instant(
                    "etcd_counter_total", at: midnight + seconds(100))
                #expect(history.value.vector?.map(\.sample.value) == [100])
            }
        }
    }

    @Test func lateDataBehindLiveDataFiresNothing() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            try await silence(pool) { watch, agent, store, clock in
                for round in 60..<66 {
                    clock.now = midnight + seconds(5 * round)
                    agent.fill(1)
                    try await store.ingest([agent.batch(at: clock.now)])
                    try await late(&agent, store, clock, (round * 4 - 228)..<(round * 4 - 224))
                    try await watch.evaluate(at: clock.now)
                }
                // Low began to pend when it was heard again, 25 s ago, and not with what was late.
                #expect(watch.alerts == ["Low pending", "Silent resolved"])
            }
        }
    }
}
