internal import JSON
internal import Model
internal import SeriesQuery

extension PrometheusAPI {
    func series(_ form: FormParameters) async throws(QueryError) -> Answer {
        guard !form.all("match[]").isEmpty else { throw QueryError(.badData, "no match[] parameter provided") }
        let limit = try form.limit()
        let found = try await labelSets(form)
        return Self.success(warnings: Self.truncation(found.count, limit)) { json in
            json.array { for labels in Self.limited(found, limit) { Self.write(labels, to: &$0) } }
        }
    }

    func labelNames(_ form: FormParameters) async throws(QueryError) -> Answer {
        let limit = try form.limit()
        return Self.strings(Array(Set(try await labels(form).map(\.name))), limit: limit)
    }

    func labelValues(_ name: String, _ form: FormParameters) async throws(QueryError) -> Answer {
        let limit = try form.limit()
        guard !name.isEmpty else { throw QueryError(.badData, "invalid label name: \"\"") }
        return Self.strings(try await labels(form).filter { $0.name == name }.map(\.value), limit: limit)
    }

    func metadata(_ form: FormParameters) async throws(QueryError) -> Answer {
        let limit = try form.limit()
        let metric = form["metric"]
        let families = try await asking { try await engine.source.metadata(metric: metric) }
        return Self.success { json in
            json.object {
                for family in Self.limited(families, limit) {
                    $0.key(family.name)
                    $0.array {
                        $0.object {
                            $0.member("type", family.type == .unknown ? "unknown" : family.type.word)
                            $0.member("help", family.help)
                            $0.member("unit", "")
                        }
                    }
                }
            }
        }
    }

    private func labels(_ form: FormParameters) async throws(QueryError) -> [Label] {
        let selections = try form.selections(now: clock.now)
        return try await asking { Array(try await engine.source.labelCounts(selections).byLabel.keys) }
    }

    /// The label sets, unless there are more than a query may touch.
    private func labelSets(_ form: FormParameters) async throws(QueryError) -> [Labels] {
        let selections = try form.selections(now: clock.now)
        let count = try await asking { try await engine.source.labelCounts(selections).series }
        guard count <= engine.options.maximumSeries else {
            throw QueryError(
                .execution,
                "\(count) series match, more than \(engine.options.maximumSeries): narrow match[] or the time")
        }
        return try await asking { try await engine.source.labelSets(selections) }
    }

    // MARK: Limits

    private static func strings(_ texts: [String], limit: Int) -> Answer {
        let sorted = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return success(warnings: truncation(sorted.count, limit)) { json in
            json.array { for text in limited(sorted, limit) { $0.string(text) } }
        }
    }

    private static func limited<T>(_ list: [T], _ limit: Int) -> ArraySlice<T> {
        limit > 0 ? list.prefix(limit) : list[...]
    }

    private static func truncation(_ count: Int, _ limit: Int) -> [String] {
        limit > 0 && count > limit ? ["results truncated due to limit"] : []
    }
}
