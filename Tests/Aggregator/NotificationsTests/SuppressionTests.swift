import JSON
import Logging
import Model
import Postgres
import SeriesQuery
import TestSupport
import Testing

@testable import Notifications

/// What keeps an alert back, in a real database.
@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(5))) struct SuppressionTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A ledger without senders: what is made stays in the tables.
    private struct Desk {
        let service: NotificationService
        let pool: PostgresPool
        let clock: ManualWallClock
        let flushed: FlushConfiguration

        func tell(_ alerts: Alert...) async throws {
            try await pool.transaction { connection in
                for alert in alerts {
                    // As Rules saves it.
                    let state = alert.state.rawValue
                    try await connection.execute(
                        """
                        insert into alert_state (rule, digest, labels, annotations, state, value, active_at)
                        values ('r', \(alert.labels.digest), \(json: alert.labels.json), '{}', \(state), 1, now())
                        on conflict (rule, digest) do update set state = excluded.state
                        """)
                }
                try await service.enqueue(alerts, at: clock.now, in: connection)
            }
        }

        /// Flushes all that is due, and returns what was told since the last time: name and state of each alert.
        func told() async throws -> [String] {
            clock.advance(by: .seconds(2))
            while try await service.ledger.flushOne(flushed, at: clock.now) {}
            let rows = try await pool.query("select content::text as content from notification order by id")
            try await pool.execute("delete from notification")
            return try rows.flatMap { row in
                let content = try NotificationContent(json: row["content"])
                return content.alerts.map { alert in
                    let by = content.acknowledgedBy.map { " taken by \($0)" } ?? ""
                    return "\(alert.labels["alertname"] ?? "") \(alert.state.rawValue)\(by)"
                }
            }
        }
    }

    private func withDesk(_ body: (Desk) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let channel = ChannelConfiguration(
                name: "pager", kind: .pagerDuty(PagerDutySettings(routingKey: .literal("k"))))
            let configuration = NotificationConfiguration(
                channels: [channel],
                routes: [
                    Route(
                        name: "default", channels: ["pager"],
                        timing: RouteTiming(groupInterval: .zero, repeatInterval: .seconds(3600)))
                ])
            let service = NotificationService(
                pool: pool, configuration: configuration, sealingKey: Samples.sealingKey, externalURL: "",
                clock: clock.clock, logger: logger)
            try await body(
                Desk(service: service, pool: pool, clock: clock, flushed: FlushConfiguration(configuration)))
        }
    }

    private func silence(_ desk: Desk, seconds: Int = 600) -> SilenceRequest {
        SilenceRequest(
            matchers: [.equal("cluster", "prod-eu")], endsAt: desk.clock.now + .seconds(seconds), comment: "known")
    }

    @Test func aSilenceHidesUntilItEndsByItself() async throws {
        try await withDesk { desk in
            _ = try await desk.service.addSilence(silence(desk), by: "alice")
            try await desk.tell(Samples.alert("A"), Samples.alert("B", cluster: "other"))
            #expect(try await desk.told() == ["B firing"])
            let silence = try #require(try await desk.service.silences().first)
            let hid = try await desk.service.silenced(by: [silence.id])
            #expect(hid[silence.id]?.map { $0.labels["alertname"] } == ["A"])
            desk.clock.advance(by: .seconds(600))
            #expect(try await desk.told() == ["A firing"])
            let known = try await desk.service.silenced(by: [silence.id])
            #expect(known == hid, "what it hid is known when it is over")
        }
    }

    @Test func whatIsEndedEarlyIsToldAtOnce() async throws {
        try await withDesk { desk in
            let silence = try await desk.service.addSilence(silence(desk), by: "alice")
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told().isEmpty)
            try await desk.service.endSilence(silence.id)
            #expect(try await desk.told() == ["A firing"])
            #expect(try await desk.service.silences().isEmpty)
            #expect(try await desk.service.silences(includingExpired: true).map(\.id) == [silence.id])
            await #expect(throws: NotificationsError.self) {
                _ = try await desk.service.changeSilence(silence.id, to: self.silence(desk))
            }
        }
    }

    @Test func whatBeganAndEndedInSilenceIsNeverTold() async throws {
        try await withDesk { desk in
            _ = try await desk.service.addSilence(silence(desk), by: "alice")
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told().isEmpty)
            try await desk.tell(Samples.alert("A", state: .resolved))
            #expect(try await desk.told().isEmpty)
            desk.clock.advance(by: .seconds(4000))
            #expect(try await desk.told().isEmpty)
            #expect(try await desk.pool.query("select from notification_group").isEmpty)
        }
    }

    @Test func aSilenceMovedElsewhereHidesElsewhere() async throws {
        try await withDesk { desk in
            let silence = try await desk.service.addSilence(silence(desk), by: "alice")
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told().isEmpty)
            var moved = self.silence(desk)
            moved.matchers = [.equal("cluster", "other")]
            let changed = try await desk.service.changeSilence(silence.id, to: moved)
            #expect(changed.id == silence.id && changed.author == "alice")
            #expect(try await desk.told() == ["A firing"])
        }
    }

    @Test func maintenanceIsASilenceOfItsCluster() async throws {
        try await withDesk { desk in
            let until = desk.clock.now + .seconds(600)
            try await desk.service.declareMaintenance(on: "prod-eu", until: until, by: "alice")
            try await desk.tell(Samples.alert("A"), Samples.alert("B", cluster: "other"))
            #expect(try await desk.told() == ["B firing"])
            try await desk.service.declareMaintenance(on: "prod-eu", until: nil, by: "alice")
            #expect(try await desk.told() == ["A firing"])
        }
    }

    @Test func aConsequenceIsToldWhenItsCauseEndsFirst() async throws {
        try await withDesk { desk in
            try await desk.tell(Samples.alert("EtcdQuorumLost"), Samples.alert("EtcdNoLeader"))
            #expect(try await desk.told() == ["EtcdQuorumLost firing"])
            try await desk.tell(Samples.alert("EtcdQuorumLost", state: .resolved))
            #expect(try await desk.told().sorted() == ["EtcdNoLeader firing", "EtcdQuorumLost resolved"])
        }
    }

    @Test func whatIsAcknowledgedIsRepeatedNoMoreAndItsEndIsTold() async throws {
        try await withDesk { desk in
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told() == ["A firing"])
            desk.clock.advance(by: .seconds(3600))
            #expect(try await desk.told() == ["A firing"], "what nobody takes up is repeated")
            _ = try await desk.service.acknowledge(Samples.alert("A"), until: nil, comment: "on it", by: "alice")
            #expect(try await desk.told() == ["A firing taken by alice"])
            desk.clock.advance(by: .seconds(8000))
            #expect(try await desk.told().isEmpty)
            try await desk.tell(Samples.alert("A", state: .resolved))
            #expect(try await desk.told() == ["A resolved"])
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told() == ["A firing"], "the acknowledgement ended with the alert")
        }
    }

    @Test func anotherSeverityIsAnotherAlert() async throws {
        try await withDesk { desk in
            try await desk.tell(Samples.alert("A"))
            _ = try await desk.told()
            _ = try await desk.service.acknowledge(Samples.alert("A"), until: nil, comment: "", by: "alice")
            _ = try await desk.told()
            try await desk.tell(Samples.alert("A", severity: "critical"))
            #expect(try await desk.told() == ["A firing", "A firing"], "told with the one that is known")
        }
    }

    @Test func whatIsSnoozedComesBack() async throws {
        try await withDesk { desk in
            try await desk.tell(Samples.alert("A"))
            _ = try await desk.told()
            _ = try await desk.service.acknowledge(
                Samples.alert("A"), until: desk.clock.now + .seconds(900), comment: "", by: "alice")
            #expect(try await desk.told() == ["A firing taken by alice"])
            desk.clock.advance(by: .seconds(890))
            #expect(try await desk.told().isEmpty)
            desk.clock.advance(by: .seconds(10))
            #expect(try await desk.told() == ["A firing"])
            #expect(try await desk.service.suppressions(firing: []).reasons(for: Samples.alert("A").labels).isEmpty)
        }
    }

    @Test func whatIsLaidDownAgainIsToldAgain() async throws {
        try await withDesk { desk in
            // Taken up before it was told.
            _ = try await desk.service.acknowledge(Samples.alert("A"), until: nil, comment: "", by: "alice")
            try await desk.tell(Samples.alert("A"))
            #expect(try await desk.told().isEmpty)
            try await desk.service.withdrawAcknowledgement(of: Samples.alert("A").labels.fingerprint)
            #expect(try await desk.told() == ["A firing"])
            await #expect(throws: NotificationsError.self) {
                try await desk.service.withdrawAcknowledgement(of: Samples.alert("A").labels.fingerprint)
            }
        }
    }
}
