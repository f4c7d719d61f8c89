internal import JSON
internal import Model
internal import SeriesQuery

// `status/…`: what clients read about the server itself.
extension PrometheusAPI {
    func status(_ name: String, _ form: FormParameters) async throws(QueryError) -> Answer? {
        switch name {
        case "buildinfo": buildInfo()
        case "runtimeinfo": runtimeInfo()
        case "flags": flags()
        // There is no prometheus.yml; Grafana and promtool ask whether there is one.
        case "config": Self.success { $0.object { $0.member("yaml", "# see docs/configuration.md\n") } }
        case "tsdb": try await storage(limit: try form.limit())
        case "walreplay":
            Self.success {
                $0.object {
                    for name in ["min", "max", "current"] { $0.member(name, 0) }
                    $0.member("state", "done")
                }
            }
        default: nil
        }
    }

    private func buildInfo() -> Answer {
        // Clients read the language's level from `version`.
        Self.success {
            $0.object {
                $0.member("version", "3.0.0")
                for name in ["revision", "branch", "buildUser", "buildDate", "goVersion"] { $0.member(name, "") }
                $0.member("application", "etcd-monitor \(version)")
            }
        }
    }

    private func runtimeInfo() -> Answer {
        Self.success {
            $0.object {
                $0.member("startTime", TimeText.rfc3339(startedAt))
                $0.member("CWD", "/")
                $0.member("reloadConfigSuccess", true)
                $0.member("lastConfigTime", TimeText.rfc3339(startedAt))
                $0.member("serverTime", TimeText.rfc3339(clock.now))
                $0.member("corruptionCount", 0)
                $0.member("goroutineCount", 0)
                $0.member("GOMAXPROCS", 0)
                $0.member("GOGC", "")
                $0.member("GODEBUG", "")
                $0.member("storageRetention", NumberText.text(ofDuration: retention.milliseconds))
            }
        }
    }

    private func flags() -> Answer {
        let options = engine.options
        return Self.success {
            $0.object {
                $0.member("query.lookback-delta", NumberText.text(ofDuration: options.lookback.milliseconds))
                $0.member("query.max-samples", String(options.maximumSamples))
                $0.member("query.timeout", NumberText.text(ofDuration: options.timeout.milliseconds))
                $0.member("storage.tsdb.retention.time", NumberText.text(ofDuration: retention.milliseconds))
            }
        }
    }

    /// Which names and labels have the most series, of those that were there in the last hour.
    private func storage(limit: Int) async throws(QueryError) -> Answer {
        let now = clock.now
        let lately = SeriesSelection(matchers: [], start: now - .seconds(3600), end: now)
        let counts = try await asking { try await engine.source.labelCounts([lately]) }
        var values: [String: Int] = [:]
        var bytes: [String: Int] = [:]
        var names: [(String, Int)] = []
        for (label, count) in counts.byLabel {
            values[label.name, default: 0] += 1
            bytes[label.name, default: 0] += label.value.utf8.count
            if label.name == Labels.metricName { names.append((label.value, count)) }
        }
        let pairs = counts.byLabel.map { ("\($0.key.name)=\($0.key.value)", $0.value) }
        let shown = limit > 0 ? limit : 10
        return Self.success { json in
            json.object {
                $0.key("headStats")
                $0.object {
                    $0.member("numSeries", counts.series)
                    $0.member("numLabelPairs", counts.byLabel.count)
                    $0.member("chunkCount", 0)
                    $0.member("minTime", lately.start.milliseconds)
                    $0.member("maxTime", now.milliseconds)
                }
                Self.ranking("seriesCountByMetricName", names, shown, to: &$0)
                Self.ranking("labelValueCountByLabelName", values.map { ($0.key, $0.value) }, shown, to: &$0)
                Self.ranking("memoryInBytesByLabelName", bytes.map { ($0.key, $0.value) }, shown, to: &$0)
                Self.ranking("seriesCountByLabelValuePair", pairs, shown, to: &$0)
            }
        }
    }

    /// The largest of `counts` first; equals by name.
    private static func ranking(
        _ name: String, _ counts: [(name: String, value: Int)], _ limit: Int, to json: inout JSONWriter
    ) {
        json.key(name)
        json.array {
            for one in counts.sorted(by: { ($1.value, $0.name) < ($0.value, $1.name) }).prefix(limit) {
                $0.object {
                    $0.member("name", one.name)
                    $0.member("value", one.value)
                }
            }
        }
    }
}
