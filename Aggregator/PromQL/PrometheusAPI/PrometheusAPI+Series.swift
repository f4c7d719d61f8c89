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
        var names: Set<String> = []
        for labels in try await labelSets(form) { for label in labels { names.insert(label.name) } }
        return Self.strings(Array(names), limit: limit)
    }

    func labelValues(_ name: String, _ form: FormParameters) async throws(QueryError) -> Answer {
        let limit = try form.limit()
        // As labels, which differ where their bytes do.
        var found: Set<Label> = []
        for labels in try await labelSets(form) { if let value = labels[name] { found.insert(Label(name, value)) } }
        return Self.strings(found.map(\.value), limit: limit)
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

    func status(_ name: String) -> Answer? {
        switch name {
        case "buildinfo":
            // Clients read the language's level from `version`.
            return Self.success {
                $0.object {
                    $0.member("version", "3.0.0")
                    $0.member("revision", "")
                    $0.member("branch", "")
                    $0.member("buildUser", "")
                    $0.member("buildDate", "")
                    $0.member("goVersion", "")
                    $0.member("application", "etcd-monitor \(version)")
                }
            }
        case "flags":
            let options = engine.options
            return Self.success {
                $0.object {
                    $0.member("query.lookback-delta", NumberText.text(ofDuration: options.lookback.milliseconds))
                    $0.member("query.max-samples", String(options.maximumSamples))
                    $0.member("query.timeout", NumberText.text(ofDuration: options.timeout.milliseconds))
                }
            }
        default: return nil
        }
    }

    private func labelSets(_ form: FormParameters) async throws(QueryError) -> [Labels] {
        let selections = try form.selections(now: clock.now)
        return try await asking { try await engine.source.labelSets(selections) }
    }

    private func asking<T>(_ question: () async throws -> T) async throws(QueryError) -> T {
        do {
            return try await question()
        } catch is CancellationError {
            throw QueryError(.canceled, "request was canceled")
        } catch {
            throw QueryError(.execution, "\(error)")
        }
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
