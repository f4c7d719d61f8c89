import Model
import PromQL
import SeriesQuery
import TestSupport

/// Runs a script over a memory source and counts.
struct ScriptRunner {
    struct Report {
        var passed = 0
        var skippedNative = 0
        var skippedExperimental = 0
        var failures: [String] = []

        var line: String {
            "passed \(passed), failed \(failures.count), skipped (native histograms) \(skippedNative), "
                + "skipped (experimental) \(skippedExperimental)"
        }
    }

    let options: EngineOptions
    private let source = MemorySeriesSource()
    /// Series that are native histograms: queries that select them are skipped.
    private var native: [Labels] = []
    private var report = Report()

    init(options: EngineOptions) {
        self.options = options
    }

    mutating func run(_ script: PromQLScript) async throws -> Report {
        for command in script.commands {
            switch command {
            case .clear:
                source.removeAll()
                native = []
            case .load(let series, let isNativeToo): load(series, isNativeToo)
            case .evaluate(let one): try await evaluate(one)
            }
        }
        return report
    }

    private mutating func load(_ list: [ScriptSeries], _ isNativeToo: Bool) {
        for series in list {
            if series.isNative {
                native.append(series.labels)
                continue
            }
            if isNativeToo, series.labels.metric.hasSuffix("_bucket") {
                var labels = series.labels
                labels[Labels.metricName] = String(series.labels.metric.dropLast("_bucket".count))
                labels["le"] = nil
                native.append(labels)
            }
            source.add(
                series.labels,
                series.values.enumerated().compactMap { index, value in
                    value.map { Sample(Timestamp(milliseconds: Int64(index) * series.interval), $0) }
                })
        }
    }

    private mutating func evaluate(_ one: ScriptCase) async throws {
        if one.isNative || selectsNative(one.query) {
            report.skippedNative += 1
            return
        }
        if one.failure == nil, usesUnknownExperiment(one.query) {
            report.skippedExperimental += 1
            return
        }
        do throws(ScriptFailure) {
            try await ScriptCheck(one, engine: PromQLEngine(source: source, options: options)).run()
            report.passed += 1
        } catch {
            report.failures.append("line \(one.line): \(one.query): \(error.problem)")
        }
    }

    /// Whether a query is not ours to understand: Prometheus's experiments that we do not have.
    private func usesUnknownExperiment(_ query: String) -> Bool {
        do throws(QueryError) {
            _ = try Query(query, options: options)
            return false
        } catch {
            let bracketed = query.split(separator: "[").dropFirst().contains { part in
                part.prefix { $0 != "]" }.contains { "+-*/%^(".contains($0) }
            }
            return error.message.contains("unknown function") || bracketed
                || ["anchored", "smoothed", "info("].contains { query.contains($0) }
        }
    }

    private func selectsNative(_ query: String) -> Bool {
        guard !native.isEmpty, let parsed = try? Query(query, options: options) else { return false }
        return parsed.expression.selectors.contains { selector in
            native.contains { labels in selector.matchers.allSatisfy { $0.matches(labels) } }
        }
    }
}

struct ScriptFailure: Error {
    var problem: String
}

extension Expression {
    /// Every selector in it.
    var selectors: [VectorSelector] {
        switch self {
        case .number, .string: []
        case .selector(let node): [node]
        case .matrix(let node): [node.selector]
        case .subquery(let node): node.inner.selectors
        case .call(let node): node.arguments.flatMap(\.selectors)
        case .aggregation(let node): node.inner.selectors + (node.parameter?.selectors ?? [])
        case .binary(let node): node.left.selectors + node.right.selectors
        case .unary(let node): node.operand.selectors
        case .parentheses(let node): node.inner.selectors
        }
    }
}
