import Model
import PromQL
import SeriesQuery
import TestSupport
import Testing

/// Limits, deadlines, cancellation, options.
struct EngineTests {
    private let source = MemorySeriesSource()

    init() {
        for number in 0..<20 {
            source.add(
                Labels(metric: "x_total", [Label("n", String(number))]),
                (0...60).map { Sample(Timestamp(milliseconds: $0 * 1000), Double($0)) })
        }
    }

    private func failure(
        _ query: String, _ change: (inout EngineOptions) -> Void = { _ in }, steps: Int64 = 60
    ) async -> QueryError? {
        var options = EngineOptions()
        change(&options)
        do throws(QueryError) {
            _ = try await PromQLEngine(source: source, options: options).range(
                query, start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: steps * 1000), step: .seconds(1))
            return nil
        } catch {
            return error
        }
    }

    @Test func limitsAreErrorsOfTheirKind() async {
        #expect(await failure("x_total", { $0.maximumSamples = 1000 })?.kind == .execution)
        #expect(await failure("x_total", { $0.maximumSeries = 19 })?.kind == .execution)
        #expect(await failure("1", steps: 20_000)?.kind == .badData)
        #expect(await failure("sum_over_time(x_total[10y:1ms])")?.kind == .execution)
        #expect(await failure("x_total")?.kind == nil)
    }

    @Test func failuresThatAreAboutAPlaceTellIt() async {
        let error = await failure("1 +\n  histogram_count(x_total)")
        #expect(error?.kind == .execution && error?.message.hasSuffix(" (2:3)") == true, "\(String(describing: error))")
        #expect(error?.message.contains("native histograms") == true)
    }

    @Test func theEndIsTheOneAskedForThoughNoStepFallsOnIt() async throws {
        let result = try await PromQLEngine(source: source).range(
            "x_total{n=\"1\"} @ end()", start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 25_000),
            step: .seconds(10))
        guard case .matrix(let series) = result.value else { return #expect(Bool(false)) }
        #expect(series.first?.values == [25, 25, 25])
    }

    /// Whatever a range is cut into, the answer is the same.
    @Test(arguments: [1, 100, 1000, 5000]) func stretchesOfARangeMakeOneAnswer(samplesAtOnce: Int) async throws {
        for query in [
            "x_total", "sum by (n) (rate(x_total[7s]))", "topk(3, x_total)", "x_total @ end() - x_total",
            "max_over_time(sum(x_total)[10s:3s])", "absent(x_total{n=\"77\"})", "x_total > 30 or x_total{n=\"3\"}",
            "time()", "count_values(\"v\", x_total)",
        ] {
            var options = EngineOptions()
            let whole = try await PromQLEngine(source: source, options: options).range(
                query, start: Timestamp(milliseconds: -5000), end: Timestamp(milliseconds: 70_000), step: .seconds(1))
            options.samplesAtOnce = samplesAtOnce
            let parts = try await PromQLEngine(source: source, options: options).range(
                query, start: Timestamp(milliseconds: -5000), end: Timestamp(milliseconds: 70_000), step: .seconds(1))
            #expect(whole.value == parts.value, "\(query)")
        }
    }

    @Test func smoothingHasItsOldNameToo() async throws {
        let engine = PromQLEngine(source: source)
        let at = Timestamp(milliseconds: 60_000)
        let (old, new) = (
            try await engine.instant("holt_winters(x_total[1m], 0.5, 0.5)", at: at),
            try await engine.instant("double_exponential_smoothing(x_total[1m], 0.5, 0.5)", at: at)
        )
        #expect(old.value == new.value && old.value.vector?.count == 20)
    }

    @Test func deadlineEndsAnEvaluation() async {
        #expect(await failure("sum(rate(x_total[5m]))", { $0.timeout = .zero })?.kind == .timeout)
    }

    @Test func deadlineEndsAStoreThatHangs() async {
        var options = EngineOptions()
        options.timeout = .milliseconds(20)
        do throws(QueryError) {
            _ = try await PromQLEngine(source: HangingSource(), options: options).instant(
                "x", at: Timestamp(milliseconds: 0))
            Issue.record("answered")
        } catch {
            #expect(error.kind == .timeout)
        }
    }

    @Test func cancellationEndsAQuery() async {
        let task = Task {
            do throws(QueryError) {
                _ = try await PromQLEngine(source: HangingSource()).instant("x", at: Timestamp(milliseconds: 0))
                return QueryError.Kind?.none
            } catch {
                return error.kind
            }
        }
        task.cancel()
        #expect(await task.value == .canceled)
    }

    @Test func anUnreadableStoreIsAnExecutionError() async {
        do throws(QueryError) {
            _ = try await PromQLEngine(source: BrokenSource()).instant("x", at: Timestamp(milliseconds: 0))
            Issue.record("answered")
        } catch {
            #expect(error.kind == .execution)
            #expect(error.message.contains("disk on fire"))
        }
    }

    @Test func rangesAreLeftOpenUnlessPrometheus2IsAskedFor() async throws {
        let query = "count_over_time(x_total{n=\"1\"}[10s])"
        let at = Timestamp(milliseconds: 30_000)
        let three = try await PromQLEngine(source: source).instant(query, at: at)
        let two = try await PromQLEngine(source: source, options: .prometheus2).instant(query, at: at)
        #expect(three.value.vector?.first?.sample.value == 10)
        #expect(two.value.vector?.first?.sample.value == 11)
    }

    @Test func oneSelectionIsReadOnceHoweverOftenItIsNamed() async throws {
        let counting = CountingSource(source)
        _ = try await PromQLEngine(source: counting).range(
            "sum(x_total) / count(x_total) + on() group_right() x_total", start: Timestamp(milliseconds: 0),
            end: Timestamp(milliseconds: 60_000), step: .seconds(1))
        #expect(await counting.count == 1)
    }

    @Test func rateOfAGaugeInforms() async throws {
        source.add(Labels(metric: "temperature"), (0...60).map { Sample(Timestamp(milliseconds: $0 * 1000), 1) })
        let result = try await PromQLEngine(source: source).instant(
            "rate(temperature[1m])", at: Timestamp(milliseconds: 60_000))
        #expect(
            result.infos == [
                "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"temperature\" (1:6)"
            ])
    }

    @Test func extremeTimesAreRefusedOrEmptyNeverFatal() async {
        let engine = PromQLEngine(source: source)
        for time in [Int64.min, Int64.max, 1 << 59, -(1 << 59)] {
            for query in ["x_total offset 290y", "rate(x_total[290y:1d] @ 9e12 offset -290y)", "year(vector(time()))"] {
                // Whether it fails is not the point: it must come back.
                _ = try? await engine.instant(query, at: Timestamp(milliseconds: time))
            }
        }
    }
}

private struct HangingSource: SeriesSource {
    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        try await Task.sleep(for: .seconds(3600))
        return []
    }
    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] { [] }
    func metadata(metric: String?) async throws -> [MetricFamily] { [] }
}

private struct BrokenSource: SeriesSource {
    struct Failure: Error, CustomStringConvertible { var description: String { "disk on fire" } }
    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] { throw Failure() }
    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] { throw Failure() }
    func metadata(metric: String?) async throws -> [MetricFamily] { throw Failure() }
}

private actor CountingSource: SeriesSource {
    private let source: any SeriesSource
    private(set) var count = 0

    init(_ source: any SeriesSource) { self.source = source }

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        count += 1
        return try await source.series(selection)
    }
    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        try await source.labelSets(selections)
    }
    func metadata(metric: String?) async throws -> [MetricFamily] { try await source.metadata(metric: metric) }
}
