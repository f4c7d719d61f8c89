internal import JSON
internal import Model
internal import SeriesQuery

// `targets`: Prometheus's list of what is scraped, told from the series that each scrape leaves.
extension PrometheusAPI {
    private struct Target {
        var labels: Labels
        var up: Double
        var seconds: Double?
        var scrapedAt: Timestamp
    }

    func targets(_ form: FormParameters) async throws(QueryError) -> Answer {
        let wantsActive = form["state"].map { ["active", "any"].contains($0.lowercased()) } ?? true
        let pool = form["scrapePool"]
        let active = wantsActive ? try await activeTargets().filter { pool == nil || $0.labels["job"] == pool } : []
        return Self.success { json in
            json.object {
                $0.key("activeTargets")
                $0.array { for target in active { Self.write(target, to: &$0) } }
                Self.emptyLists(["droppedTargets"], in: &$0)
                $0.key("droppedTargetCounts")
                $0.object { _ in }
            }
        }
    }

    private func activeTargets() async throws(QueryError) -> [Target] {
        let now = clock.now
        let values = try await engine.instant("up", at: now).value.vector ?? []
        let times = Self.byTarget(try await engine.instant("timestamp(up)", at: now).value.vector ?? [])
        let durations = Self.byTarget(try await engine.instant("scrape_duration_seconds", at: now).value.vector ?? [])
        return values.map { sample in
            let labels = sample.labels.withoutName
            return Target(
                labels: labels, up: sample.sample.value, seconds: durations[labels],
                scrapedAt: Timestamp(seconds: times[labels] ?? now.seconds))
        }
        .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    private static func byTarget(_ samples: [VectorSample]) -> [Labels: Double] {
        Dictionary(samples.map { ($0.labels.withoutName, $0.sample.value) }) { first, _ in first }
    }

    private static func write(_ target: Target, to json: inout JSONWriter) {
        let isUp = target.up == 1
        let instance = target.labels["instance"] ?? ""
        json.object {
            $0.key("discoveredLabels")
            write(target.labels, to: &$0)
            $0.key("labels")
            write(target.labels, to: &$0)
            $0.member("scrapePool", target.labels["job"] ?? "")
            $0.member("scrapeUrl", "http://\(instance)/metrics")
            $0.member("globalUrl", "http://\(instance)/metrics")
            $0.member("lastError", isUp ? "" : "the target was not scraped: it or its agent does not answer")
            $0.member("lastScrape", TimeText.rfc3339(target.scrapedAt))
            $0.member("lastScrapeDuration", target.seconds ?? 0)
            $0.member("health", isUp ? "up" : "down")
            $0.member("scrapeInterval", "")
            $0.member("scrapeTimeout", "")
        }
    }
}
