internal import JSON
internal import Model
internal import SeriesQuery

extension PrometheusAPI {
    func query(_ form: FormParameters) async throws(QueryError) -> Answer {
        let text = try form.query()
        let time = try form.time("time", default: clock.now)
        let limit = try form.limit()
        let (engine, query) = try prepared(text, form)
        return Self.answer(try await engine.instant(query, at: time), limit: limit)
    }

    func queryRange(_ form: FormParameters) async throws(QueryError) -> Answer {
        let start = try form.time("start")
        let end = try form.time("end")
        guard end >= start else {
            throw QueryError(.badData, "invalid parameter \"end\": end timestamp must not be before start time")
        }
        guard let step = try form.duration("step") else {
            throw QueryError(.badData, "invalid parameter \"step\": cannot parse \"\" to a valid duration")
        }
        guard step.milliseconds > 0 else {
            throw QueryError(
                .badData,
                "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. "
                    + "Try a positive integer")
        }
        let limit = try form.limit()
        let (engine, query) = try prepared(try form.query(), form)
        return Self.answer(try await engine.range(query, start: start, end: end, step: step), limit: limit)
    }

    func formatQuery(_ form: FormParameters) throws(QueryError) -> Answer {
        let query = try prepared(try form.query(), form).query
        return Self.success { $0.string(query.expression.laidOut()) }
    }

    func parseQuery(_ form: FormParameters) throws(QueryError) -> Answer {
        let query = try prepared(try form.query(), form).query
        return Self.success { query.expression.writeTree(to: &$0) }
    }

    /// The query, and an engine with the lookback and the deadline that the request asks for.
    private func prepared(
        _ text: String, _ form: FormParameters
    ) throws(QueryError) -> (engine: PromQLEngine, query: Query) {
        var options = engine.options
        if let timeout = try form.duration("timeout"), timeout > .zero {
            options.timeout = min(options.timeout, timeout)
        }
        if let lookback = try form.duration("lookback_delta"), lookback > .zero { options.lookback = lookback }
        do throws(QueryError) {
            let query = try Query(text, options: options)
            return (PromQLEngine(source: engine.source, options: options), query)
        } catch {
            throw QueryError(error.kind, "invalid parameter \"query\": \(error.message)", at: error.position)
        }
    }

    // MARK: JSON

    private static func answer(_ result: QueryResult, limit: Int) -> Answer {
        var result = result
        switch result.value {
        case .vector(let samples) where limit > 0 && samples.count > limit:
            result.value = .vector(Array(samples.prefix(limit)))
            result.warnings.append("results truncated due to limit")
        case .matrix(let series) where limit > 0 && series.count > limit:
            result.value = .matrix(Array(series.prefix(limit)))
            result.warnings.append("results truncated due to limit")
        default: break
        }
        return success(warnings: result.warnings, infos: result.infos, reserving: size(of: result.value)) { json in
            json.object {
                $0.member("resultType", result.value.typeName)
                $0.key("result")
                write(result.value, to: &$0)
            }
        }
    }

    private static func size(of value: QueryValue) -> Int {
        switch value {
        case .scalar, .string: 256
        case .vector(let samples): 256 + samples.count * 192
        case .matrix(let series): series.reduce(256) { $0 + 192 + $1.values.count * 32 }
        }
    }

    private static func write(_ value: QueryValue, to json: inout JSONWriter) {
        switch value {
        case .scalar(let sample): write(sample.timestamp.milliseconds, sample.value, to: &json)
        case .string(let text, let time):
            json.array {
                $0.raw(timeText(time.milliseconds).utf8)
                $0.string(text)
            }
        case .vector(let samples):
            json.array {
                for one in samples {
                    $0.object {
                        $0.key("metric")
                        write(one.labels, to: &$0)
                        $0.key("value")
                        write(one.sample.timestamp.milliseconds, one.sample.value, to: &$0)
                    }
                }
            }
        case .matrix(let list):
            json.array {
                for series in list {
                    $0.object {
                        $0.key("metric")
                        write(series.labels, to: &$0)
                        $0.key("values")
                        $0.array {
                            for (time, value) in zip(series.timestamps, series.values) { write(time, value, to: &$0) }
                        }
                    }
                }
            }
        }
    }

    static func write(_ labels: Labels, to json: inout JSONWriter) {
        json.object { for label in labels { $0.member(label.name, label.value) } }
    }

    /// `[1435781451.781,"1"]`.
    private static func write(_ time: Int64, _ value: Double, to json: inout JSONWriter) {
        json.array {
            $0.raw(timeText(time).utf8)
            $0.string(NumberText.decimal(value))
        }
    }

    /// Seconds, with three decimals if they are not whole.
    private static func timeText(_ milliseconds: Int64) -> String {
        let magnitude = milliseconds.magnitude
        let sign = milliseconds < 0 ? "-" : ""
        let fraction = magnitude % 1000
        guard fraction != 0 else { return "\(sign)\(magnitude / 1000)" }
        return "\(sign)\(magnitude / 1000).\(String(fraction + 1000).dropFirst())"
    }
}
