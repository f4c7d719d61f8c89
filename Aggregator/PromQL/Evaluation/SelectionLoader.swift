internal import Model
internal import SeriesQuery

/// Loads what an expression needs for some steps of a query, under its deadline, and tells for how many steps at once
/// there is room.
struct SelectionLoader {
    private let run: QueryRun
    private var options: EngineOptions { run.frame.options }
    /// What was loaded for a selection that stays the same for all steps (`@`).
    private var lasting: [SeriesSelection: [SampledSeries]] = [:]

    init(_ run: QueryRun) { self.run = run }

    // MARK: Stretches

    /// How often agents scrape, unless an operator chose otherwise: for a guess only.
    private static let usualInterval: Int64 = 5000

    /// How many steps of `grid` to begin with.
    func stretch(of grid: Grid) async throws(QueryError) -> Int {
        guard grid.count > 1 else { return grid.count }
        let plan = try SelectionPlan(run.query.expression, on: grid, frame: run.frame)
        let moving = Set(plan.selections.values)
        guard !moving.isEmpty else { return grid.count }
        // The part of each selection that every step needs for itself.
        let atOnce = try SelectionPlan(run.query.expression, on: .instant(grid.start), frame: run.frame)
        let reach = atOnce.selections.values.map { ($0.end - $0.start).milliseconds }.max() ?? 0
        let span = moving.map { ($0.end - $0.start).milliseconds }.max() ?? 0
        let series = try await count(Array(moving))
        let guess = series.multipliedReportingOverflow(by: Int(span / Self.usualInterval + 1))
        guard guess.overflow || guess.partialValue > options.samplesAtOnce else { return grid.count }
        let affordable = Int64(options.samplesAtOnce / max(series, 1)) * Self.usualInterval
        // A stretch shorter than what each step looks back at would read everything several times.
        let length = max(affordable - reach, min(reach, 2 * affordable), grid.interval)
        return min(grid.count, max(1, Int(length / grid.interval)))
    }

    /// How many steps are next, when `part` needed so many samples.
    func stretch(after part: Grid, samples: Int) -> Int {
        guard samples > 0 else { return part.count * 4 }
        let factor = Double(options.samplesAtOnce) / Double(samples)
        return max(1, Int(Double(part.count) * min(max(factor, 0.5), 2)))
    }

    private func count(_ selections: [SeriesSelection]) async throws(QueryError) -> Int {
        let source = run.source
        return try await beforeDeadline { try await source.labelCounts(selections).series }
    }

    // MARK: Loading

    /// Each selection once, however often the query names it.
    mutating func load(
        _ grid: Grid
    ) async throws(QueryError) -> (series: [SourceRange: [SampledSeries]], sampleCount: Int) {
        let plan = try SelectionPlan(run.query.expression, on: grid, frame: run.frame)
        var answers = lasting
        var loaded: [SourceRange: [SampledSeries]] = [:]
        var count = 0
        for (place, selection) in plan.selections.sorted(by: { $0.key.start < $1.key.start }) {
            if let known = answers[selection] {
                loaded[place] = known
                continue
            }
            let source = run.source
            let series = try await beforeDeadline { try await source.series(selection) }
            guard series.count <= options.maximumSeries else {
                throw QueryError(
                    .execution, "the selector matches \(series.count) series, more than \(options.maximumSeries)",
                    at: place)
            }
            count += series.reduce(0) { $0 + $1.values.count }
            guard count <= options.maximumSamples else {
                throw QueryError(
                    .execution, "query processing would load too many samples into memory in query execution",
                    at: place)
            }
            answers[selection] = series
            loaded[place] = series
            if plan.isLasting(place) { lasting[selection] = series }
        }
        return (loaded, count)
    }

    private func beforeDeadline<T: Sendable>(
        _ question: @escaping @Sendable () async throws -> T
    ) async throws(QueryError) -> T {
        let deadline = run.deadline
        do {
            return try await withThrowingTaskGroup(of: T?.self) { group in
                group.addTask { try await question() }
                group.addTask {
                    try await ContinuousClock().sleep(until: deadline)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let answer = first else {
                    throw QueryError(.timeout, "query timed out in expression evaluation")
                }
                return answer
            }
        } catch let error as QueryError {
            throw error
        } catch is CancellationError {
            throw QueryError(.canceled, "query was canceled in expression evaluation")
        } catch {
            throw QueryError(.execution, "expanding series: \(error)")
        }
    }
}
