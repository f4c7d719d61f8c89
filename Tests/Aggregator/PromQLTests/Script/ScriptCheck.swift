import Model
import PromQL
import SeriesQuery

/// Compares what the engine answers with what a case expects.
struct ScriptCheck {
    private let one: ScriptCase
    private let engine: PromQLEngine

    init(_ one: ScriptCase, engine: PromQLEngine) {
        self.one = one
        self.engine = engine
    }

    func run() async throws(ScriptFailure) {
        let result: QueryResult
        do throws(QueryError) {
            switch one.time {
            case .instant(let at): result = try await engine.instant(one.query, at: Timestamp(milliseconds: at))
            case .range(let start, let end, let step): result = try await range(start, end, step)
            }
        } catch {
            guard let wanted = one.failure else { throw ScriptFailure(problem: "failed: \(error)") }
            guard wanted.accepts(error.message) else { throw ScriptFailure(problem: "other failure: \(error)") }
            return
        }
        if one.failure != nil { throw ScriptFailure(problem: "did not fail: \(result.value)") }
        try checkMessages(result)
        try checkPrinting()
        switch one.time {
        case .range(let start, _, let step): try compare(result.value, start: start, step: step)
        case .instant(let at):
            try compare(result.value, at: at)
            try await checkAsRange(at)
        }
    }

    private func range(_ start: Int64, _ end: Int64, _ step: Int64) async throws(QueryError) -> QueryResult {
        try await engine.range(
            one.query, start: Timestamp(milliseconds: start), end: Timestamp(milliseconds: end),
            step: .milliseconds(step))
    }

    // MARK: Messages and syntax

    private func checkMessages(_ result: QueryResult) throws(ScriptFailure) {
        for (wanted, messages, forbids, kind) in [
            (one.warning, result.warnings, one.allowsNoWarning, "warning"),
            (one.info, result.infos, one.allowsNoInfo, "info"),
        ] {
            if let wanted, !messages.contains(where: wanted.accepts) {
                throw ScriptFailure(problem: "no such \(kind) among \(messages)")
            }
            if forbids, !messages.isEmpty { throw ScriptFailure(problem: "unwanted \(kind)s \(messages)") }
        }
    }

    /// The printed query must mean the same.
    private func checkPrinting() throws(ScriptFailure) {
        do throws(QueryError) {
            let printed = try Query(one.query, options: engine.options).expression.description
            let again = try Query(printed, options: engine.options).expression.description
            guard printed == again else { throw QueryError(.internal, "printed \(printed), then \(again)") }
        } catch {
            throw ScriptFailure(problem: "does not survive printing: \(error)")
        }
    }

    // MARK: Instant answers

    private func compare(_ value: QueryValue, at: Int64) throws(ScriptFailure) {
        switch value {
        case .string(let text, _):
            guard text == one.string else { throw ScriptFailure(problem: "got string \(text)") }
        case .scalar(let sample):
            guard let wanted = one.scalar, isClose(sample.value, wanted) else {
                throw ScriptFailure(problem: "got scalar \(sample.value)")
            }
        case .vector(let samples):
            guard one.scalar == nil, one.string == nil, one.matrix == nil else {
                throw ScriptFailure(problem: "got a vector")
            }
            try compare(samples.map { ($0.labels, $0.sample.value) }, isOrdered: one.isOrdered)
        case .matrix:
            guard let grid = one.matrix else { throw ScriptFailure(problem: "got a range vector") }
            try compare(value, start: grid.start, step: grid.step)
        }
    }

    private func compare(_ got: [(Labels, Double)], isOrdered: Bool) throws(ScriptFailure) {
        let wanted = one.series.map { ($0.labels, $0.values.first.flatMap { $0 } ?? .nan) }
        guard got.count == wanted.count else {
            throw ScriptFailure(problem: "got \(got.count) series, not \(wanted.count): \(got)")
        }
        for (index, (labels, value)) in got.enumerated() {
            guard let at = wanted.firstIndex(where: { $0.0 == labels }) else {
                throw ScriptFailure(problem: "unexpected series \(labels) \(value)")
            }
            if isOrdered, at != index { throw ScriptFailure(problem: "\(labels) at place \(index), not \(at)") }
            guard isClose(value, wanted[at].1) else {
                throw ScriptFailure(problem: "\(labels) is \(value), not \(wanted[at].1)")
            }
        }
    }

    /// An instant query is the middle step of a range query.
    private func checkAsRange(_ at: Int64) async throws(ScriptFailure) {
        let dependsOnRange = ["start(", "end(", "step(", "range("].contains { one.query.contains($0) }
        guard !one.isOrdered, one.string == nil, one.matrix == nil, !dependsOnRange else { return }
        let result: QueryResult
        do throws(QueryError) {
            result = try await range(at - 60_000, at + 60_000, 60_000)
        } catch {
            // At another step the same query may be an error.
            return
        }
        guard case .matrix(let matrix) = result.value else { throw ScriptFailure(problem: "range is no matrix") }
        let middle = matrix.compactMap { series in
            series.timestamps.firstIndex(of: at).map { (series.labels, series.values[$0]) }
        }
        if let scalar = one.scalar {
            guard middle.count == 1, isClose(middle[0].1, scalar) else {
                throw ScriptFailure(problem: "as range: \(middle)")
            }
        } else {
            do throws(ScriptFailure) {
                try compare(middle, isOrdered: false)
            } catch {
                throw ScriptFailure(problem: "as range: \(error.problem)")
            }
        }
    }

    // MARK: Range answers

    private func compare(_ value: QueryValue, start: Int64, step: Int64) throws(ScriptFailure) {
        guard case .matrix(let matrix) = value else { throw ScriptFailure(problem: "no matrix: \(value)") }
        let wanted = one.series.filter { $0.values.contains { $0 != nil } }
        guard matrix.count == wanted.count else {
            throw ScriptFailure(problem: "got \(matrix.count) series, not \(wanted.count): \(matrix)")
        }
        for series in matrix {
            guard let expected = wanted.first(where: { $0.labels == series.labels }) else {
                throw ScriptFailure(problem: "unexpected series \(series)")
            }
            let points = expected.values.enumerated().compactMap { index, value in
                value.map { (start + Int64(index) * step, $0) }
            }
            guard points.map(\.0) == series.timestamps,
                zip(points, series.values).allSatisfy({ isClose($0.1, $1) })
            else { throw ScriptFailure(problem: "\(series.labels): got \(series.timestamps) \(series.values)") }
        }
    }

    /// At most 1e-6 apart, relative to both.
    private func isClose(_ a: Double, _ b: Double) -> Bool {
        if a.isNaN && b.isNaN || a == b { return true }
        let sum = a.magnitude + b.magnitude
        let difference = (a - b).magnitude
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < 1e-6 * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < 1e-6
    }
}
