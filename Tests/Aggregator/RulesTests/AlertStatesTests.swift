import Model
import Testing

@testable import Rules

@Suite struct AlertStatesTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private let labels: Labels = ["alertname": "Down", "instance": "m1"]

    /// Applies one evaluation; `isTrue` says whether the expression gives the series.
    private func step(
        _ states: inout AlertStates, _ isTrue: Bool, _ seconds: Int, hold: Int = 10, keep: Int = 0, value: Double = 1
    ) -> [AlertChange] {
        let observed = isTrue ? [labels: AlertObservation(value: value, annotations: Labels())] : [:]
        return states.apply(
            observed, hold: .seconds(hold), keepFiringFor: .seconds(keep), at: start + .seconds(seconds))
    }

    private func state(_ states: AlertStates) -> Alert.State? { states.alerts[labels]?.alert.state }

    @Test func pendsForItsTimeThenFiresThenResolves() {
        var states = AlertStates()
        #expect(step(&states, true, 0).map(\.announcement) == [nil])
        #expect(state(states) == .pending)
        #expect(step(&states, true, 5).isEmpty)
        #expect(step(&states, true, 10).compactMap(\.announcement?.state) == [.firing])
        #expect(states.alerts[labels]?.alert.activeAt == start)
        #expect(states.alerts[labels]?.alert.firedAt == start + .seconds(10))
        #expect(step(&states, true, 15).isEmpty)
        #expect(step(&states, false, 20).compactMap(\.announcement?.state) == [.resolved])
        #expect(states.alerts[labels]?.alert.resolvedAt == start + .seconds(20))
        #expect(states.activeCount == 0)
    }

    @Test func firesAtOnceWithoutATimeToPend() {
        var states = AlertStates()
        #expect(step(&states, true, 0, hold: 0).compactMap(\.announcement?.state) == [.firing])
    }

    @Test func aPendingAlertThatEndsIsForgottenAndNobodyIsTold() {
        var states = AlertStates()
        _ = step(&states, true, 0)
        let changes = step(&states, false, 5)
        #expect(changes.count == 1 && changes.first?.after == nil && changes.first?.announcement == nil)
        #expect(states.all.isEmpty)
        _ = step(&states, true, 6)
        #expect(step(&states, true, 12).isEmpty)
        #expect(state(states) == .pending)
    }

    @Test func aResolvedAlertIsKeptForFifteenMinutes() {
        var states = AlertStates()
        _ = step(&states, true, 0, hold: 0)
        _ = step(&states, false, 5)
        #expect(step(&states, false, 5 + 900).isEmpty)
        #expect(state(states) == .resolved)
        _ = step(&states, false, 6 + 900)
        #expect(states.all.isEmpty)
    }

    @Test func aResolvedAlertThatComesBackStartsAnew() {
        var states = AlertStates()
        _ = step(&states, true, 0)
        _ = step(&states, true, 10)
        _ = step(&states, false, 15)
        #expect(step(&states, true, 20).compactMap(\.announcement).isEmpty)
        #expect(state(states) == .pending)
        #expect(step(&states, true, 30).compactMap(\.announcement?.state) == [.firing])
        #expect(states.alerts[labels]?.alert.activeAt == start + .seconds(20))
    }

    @Test func aFiringAlertIsKeptUpWhileItsConditionFlaps() {
        var states = AlertStates()
        _ = step(&states, true, 0, hold: 0, keep: 30)
        #expect(step(&states, false, 5, hold: 0, keep: 30).compactMap(\.announcement).isEmpty)
        #expect(state(states) == .firing)
        _ = step(&states, true, 20, hold: 0, keep: 30)
        _ = step(&states, false, 25, hold: 0, keep: 30)
        #expect(step(&states, false, 54, hold: 0, keep: 30).isEmpty)
        #expect(step(&states, false, 55, hold: 0, keep: 30).compactMap(\.announcement?.state) == [.resolved])
    }

    @Test func valuesMoveWithoutBeingAChange() {
        var states = AlertStates()
        _ = step(&states, true, 0, hold: 0, value: 1)
        #expect(step(&states, true, 5, hold: 0, value: 7).isEmpty)
        #expect(states.alerts[labels]?.alert.value == 7)
    }

    @Test func stateOutlivesARestart() {
        var states = AlertStates()
        _ = step(&states, true, 0)
        var restored = AlertStates(states.all)
        #expect(step(&restored, true, 10).compactMap(\.announcement?.state) == [.firing])
        restored = AlertStates(restored.all)
        #expect(step(&restored, true, 15).isEmpty)
    }

    @Test func anAlertWithoutItsRuleEnds() {
        var states = AlertStates()
        _ = step(&states, true, 0, hold: 0)
        #expect(states.resolveAll(at: start + .seconds(5)).compactMap(\.announcement?.state) == [.resolved])
    }
}
