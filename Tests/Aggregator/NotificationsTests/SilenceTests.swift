import Model
import SeriesQuery
import Testing

@testable import Notifications

@Suite struct MatcherTextTests {
    @Test(arguments: [
        ("severity=\"critical\"", "severity=\"critical\""), ("severity = critical", "severity=\"critical\""),
        ("cluster!=\"a b\"", "cluster!=\"a b\""), ("cluster=~'prod-.+'", "cluster=~\"prod-.+\""),
        ("x!~\"\\d+\"", "x!~\"\\\\d+\""), ("a=\"say \\\"x\\\"\"", "a=\"say \\\"x\\\"\""), ("a=", "a=\"\""),
    ]) func matchersAreReadAsAlertmanagerWritesThem(_ text: String, _ expected: String) throws {
        #expect(try LabelMatcher(text: text).description == expected)
    }

    @Test(arguments: ["", "severity", "=x", "1a=b", "a=~\"(\"", "a=\"open", "a-b=c", "a==b\"\"\" \"x"])
    func whatIsNoMatcherIsRefused(_ text: String) {
        if text == "a==b\"\"\" \"x" {
            // A value may hold anything once it has begun without a quote.
            #expect((try? LabelMatcher(text: text))?.value == "=b\"\"\" \"x")
        } else {
            #expect(throws: NotificationsError.self) { try LabelMatcher(text: text) }
        }
    }
}

@Suite struct SilenceTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private let hour: Duration = .seconds(3600)
    private let week: Duration = .seconds(7 * 86_400)

    private func silence(weeks: Int? = nil) -> Silence {
        Silence(
            id: "x", matchers: [.equal("cluster", "prod")], startsAt: start, endsAt: start + hour,
            weeklyUntil: weeks.map { start + week * $0 }, author: "a", comment: "c", createdAt: start)
    }

    @Test func onceIsOnce() {
        let once = silence()
        #expect(once.state(at: start - hour) == .pending && once.nextStart(after: start - hour) == start)
        #expect(once.activeUntil(at: start) == start + hour && once.state(at: start) == .active)
        #expect(once.state(at: start + hour) == .expired && once.nextStart(after: start) == nil)
        #expect(once.lastEnd == start + hour)
    }

    @Test func weeklyComesAgainUntilItsEnd() {
        let weekly = silence(weeks: 3)
        #expect(weekly.state(at: start + hour * 2) == .pending)
        #expect(weekly.nextStart(after: start + hour * 2) == start + week)
        #expect(weekly.activeUntil(at: start + week * 2 + hour / 2) == start + week * 2 + hour)
        #expect(weekly.activeUntil(at: start + week * 3 + hour / 2) == nil)
        #expect(weekly.state(at: start + week * 2 + hour) == .expired)
        #expect(weekly.lastEnd == start + week * 2 + hour)
    }

    @Test func whatIsEndedIsOver() throws {
        for (silence, instant) in [
            (silence(), start - hour), (silence(), start + hour / 2), (silence(weeks: 3), start + hour * 5),
            (silence(weeks: 3), start + week + hour / 2), (silence(weeks: 3), start - hour),
        ] {
            let ended = try #require(silence.ended(at: instant))
            #expect(ended.state(at: instant) == .expired && ended.endsAt >= ended.startsAt)
            #expect(ended.ended(at: instant) == nil)
        }
    }

    @Test func allMatchersHaveToHold() throws {
        var both = silence()
        both.matchers.append(try .matches("severity", "warning|info"))
        #expect(both.matches(["cluster": "prod", "severity": "info"]))
        #expect(!both.matches(["cluster": "prod", "severity": "critical"]) && !both.matches(["severity": "info"]))
        #expect(both.cluster == "prod")
    }

    @Test(arguments: [
        "no matchers", "matches everything", "no comment", "end before start", "over", "too long", "weekly too long",
    ]) func impossibleWishesAreRefused(_ what: String) throws {
        var request = SilenceRequest(matchers: [.equal("a", "b")], endsAt: start + hour, comment: "why")
        switch what {
        case "no matchers": request.matchers = []
        case "matches everything": request.matchers = [try .matches("a", ".*"), .notEqual("b", "c")]
        case "no comment": request.comment = ""
        case "end before start": request.startsAt = start + hour * 2
        case "over": (request.startsAt, request.endsAt) = (start - hour * 2, start - hour)
        case "too long": request.endsAt = start + week * 60
        default: (request.endsAt, request.weeklyUntil) = (start + week * 2, start + week * 9)
        }
        #expect(throws: NotificationsError.self) { try request.checked(id: "x", author: "a", at: start) }
    }
}

@Suite struct InhibitionTests {
    private let rule = InhibitionRule(
        source: [.equal("alertname", "HostDead")], target: [.equal("severity", "warning")],
        equal: ["cluster", "instance=node"])

    @Test func aConsequenceFollowsFromItsCauseOnly() {
        let cause: Labels = ["alertname": "HostDead", "cluster": "a", "instance": "n1", "severity": "warning"]
        #expect(rule.holds(["cluster": "a", "node": "n1", "severity": "warning"], because: cause))
        #expect(!rule.holds(["cluster": "a", "node": "n2", "severity": "warning"], because: cause))
        #expect(!rule.holds(["cluster": "b", "node": "n1", "severity": "warning"], because: cause))
        #expect(!rule.holds(["cluster": "a", "node": "n1", "severity": "critical"], because: cause))
        // Both could be the other's cause: neither is.
        var twin = cause
        twin["node"] = "n1"
        #expect(!rule.holds(twin, because: cause))
    }

    @Test func ofADeadHostEverythingElseFollows() {
        let suppressions = Suppressions(
            silences: [], acknowledgements: [], inhibitions: InhibitionRule.builtIn,
            firing: [["alertname": "EtcdHostDown", "cluster": "a", "instance": "n1", "node": "n1"]],
            at: Timestamp(milliseconds: 0))
        func isHidden(_ labels: Labels) -> Bool { !suppressions.reasons(for: labels).isEmpty }
        #expect(isHidden(["alertname": "EtcdMemberDown", "cluster": "a", "instance": "n1:2379", "node": "n1"]))
        #expect(isHidden(["alertname": "EtcdHostDiskFull", "cluster": "a", "instance": "n1"]))
        #expect(!isHidden(["alertname": "EtcdMemberDown", "cluster": "a", "instance": "n2:2379", "node": "n2"]))
        #expect(!isHidden(["alertname": "EtcdHostDown", "cluster": "a", "instance": "n2", "node": "n2"]))
        #expect(!isHidden(["alertname": "EtcdQuorumAtRisk", "cluster": "a", "severity": "critical"]))
    }

    @Test func theBuiltInOnesKeepConsequencesBack() {
        func hides(_ cause: String, _ consequence: String, cluster: String = "a") -> Bool {
            let suppressions = Suppressions(
                silences: [], acknowledgements: [], inhibitions: InhibitionRule.builtIn,
                firing: [["alertname": cause, "cluster": "a"]], at: Timestamp(milliseconds: 0))
            return !suppressions.reasons(for: ["alertname": consequence, "cluster": cluster]).isEmpty
        }
        #expect(hides("EtcdClusterUnseen", "EtcdAgentSilent") && hides("EtcdQuorumLost", "EtcdNoLeader"))
        #expect(!hides("EtcdClusterUnseen", "EtcdAgentSilent", cluster: "b"))
        #expect(hides("EtcdFsyncVerySlow", "EtcdFsyncSlow") && !hides("EtcdFsyncSlow", "EtcdFsyncVerySlow"))
        #expect(!hides("EtcdAgentSilent", "EtcdClusterUnseen") && !hides("EtcdQuorumLost", "EtcdMemberDown"))
    }
}

@Suite struct FlushPlanTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let timing = RouteTiming()

    private func entry(
        _ state: String, announced: String? = nil, wasHidden: Bool = false, _ suppressions: Suppression...
    ) -> GroupEntry {
        GroupEntry(
            alert: Samples.alert(), state: state, announced: announced, wasHidden: wasHidden,
            suppressions: suppressions)
    }

    private func plan(_ entries: GroupEntry..., lastSentAt: Timestamp? = nil) -> FlushPlan {
        FlushPlan(entries, lastSentAt: lastSentAt, timing: timing, at: now)
    }

    @Test func whatIsSilencedIsNotToldUntilTheSilenceEnds() {
        let end = now + .seconds(60)
        let plan = plan(entry("firing", .silence(id: "x", until: end)))
        #expect(!plan.tells && plan.hidden == [0: "silence"] && plan.next == end)
        let later = FlushPlan([entry("firing", wasHidden: true)], lastSentAt: nil, timing: timing, at: end)
        #expect(later.tells && later.told == [0])
    }

    @Test func theRestOfTheGroupIsTold() {
        let plan = plan(entry("firing"), entry("firing", .inhibition(by: "X")))
        #expect(plan.tells && plan.told == [0] && plan.hidden == [1: "inhibition"])
        #expect(plan.next == now + FlushPlan.recheck)
    }

    @Test func anEndIsToldToWhomTheBeginningWas() {
        let silence = Suppression.silence(id: "x", until: now + .seconds(60))
        #expect(plan(entry("resolved", announced: "firing", wasHidden: true, silence)).told == [0])
        let unknown = plan(entry("resolved", wasHidden: true))
        #expect(!unknown.tells && unknown.dropped == [0] && unknown.next == nil)
    }

    @Test func whatIsAcknowledgedIsNotRepeated() {
        let long = now - .seconds(5 * 3600)
        let taken = Suppression.acknowledgement(until: nil)
        let alone = plan(entry("firing", announced: "firing", taken), lastSentAt: long)
        #expect(!alone.tells && alone.acknowledges && alone.told == [0] && alone.next == .distantFuture)
        let again = FlushPlan(
            [entry("firing", announced: "firing", taken)], lastSentAt: long, wasAcknowledged: true, timing: timing,
            at: now)
        #expect(!again.tells && !again.acknowledges)
        let both = plan(
            entry("firing", announced: "firing", taken), entry("firing", announced: "firing"), lastSentAt: long)
        #expect(both.tells && both.told == [0, 1], "another of the group still asks for someone")
        #expect(plan(entry("firing", announced: "firing"), lastSentAt: long).tells)
    }

    @Test func aSnoozeIsLookedAtWhenItEnds() {
        let end = now + .seconds(600)
        let plan = plan(entry("firing", announced: "firing", .acknowledgement(until: end)), lastSentAt: now)
        #expect(plan.next == end)
    }
}
