import Model
import SelfMetrics
import Testing

@Suite struct SelfMetricsTests {
    private func value(_ labels: Labels, in board: SampleBoard) -> Double? {
        board.series.firstIndex { $0.labels == labels }.map { board.values[$0] }
    }

    @Test func givesOneCounterForOneNameAndLabels() {
        let registry = MetricRegistry()
        registry.counter("refused_total", help: "Refusals.", labels: ["reason": "late"]).add()
        registry.counter("refused_total", help: "Refusals.", labels: ["reason": "late"]).add(2)
        let board = registry.board()
        #expect(value(["__name__": "refused_total", "reason": "late"], in: board) == 3)
        #expect(board.families.map(\.name) == ["refused_total"])
    }

    @Test func countsObservationsCumulatively() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("wait_seconds", help: "Waits.", bounds: [0.1, 1])
        for observed in [0.05, 0.1, 0.5, 7] { histogram.observe(observed) }
        let board = registry.board()
        #expect(value(["__name__": "wait_seconds_bucket", "le": "0.1"], in: board) == 2)
        #expect(value(["__name__": "wait_seconds_bucket", "le": "1.0"], in: board) == 3)
        #expect(value(["__name__": "wait_seconds_bucket", "le": "+Inf"], in: board) == 4)
        #expect(value(["__name__": "wait_seconds_count"], in: board) == 4)
    }

    @Test func readsGaugesWhenAsked() {
        let registry = MetricRegistry()
        registry.gauge("depth", help: "Depth.") { 5 }
        #expect(value(["__name__": "depth"], in: registry.board()) == 5)
    }
}
