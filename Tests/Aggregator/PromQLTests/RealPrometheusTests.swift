import Model
import PromQL
import TestSupport
import Testing

/// The same questions to a real Prometheus 2 and to us, over the same samples: what differs is a bug of ours.
@Suite(.enabled(if: PrometheusServer.isInstalled, "prometheus is not installed"))
struct RealPrometheusTests {
    private static let start: Int64 = 1_700_000_000_000
    private static let end = start + 2_400_000

    /// Counters with resets and gaps, gauges with odd values, histograms, an info series.
    private static var series: [(labels: Labels, samples: [Sample])] {
        var result: [(labels: Labels, samples: [Sample])] = []
        func add(_ name: String, _ labels: [String: String], _ value: (Int) -> Double?) {
            let samples = (0...160).compactMap { index in
                value(index).map { Sample(Timestamp(milliseconds: start + Int64(index) * 15_000 + 137), $0) }
            }
            result.append((Labels(metric: name, labels.map { Label($0.key, $0.value) }), samples))
        }
        for number in 0..<6 {
            let labels = ["job": number < 4 ? "etcd" : "node", "instance": "n\(number):2379", "n": "\(number)"]
            add("requests_total", labels) { index in
                // Counters that restart, and one that is away for ten minutes.
                if number == 3, (40..<80).contains(index) { return nil }
                return Double((index % (50 + number * 30)) * (number + 1)) + 0.25
            }
            add("temperature", labels) { index in
                number == 5 && index % 7 == 0 ? .nan : Double((index * index + number * 13) % 97) - 40.5
            }
            add("up", ["job": labels["job"] ?? "", "instance": labels["instance"] ?? ""]) { $0 % 50 < 45 ? 1 : 0 }
            for (place, bound) in ["0.001", "0.01", "0.1", "1", "+Inf"].enumerated() {
                add("seconds_bucket", labels.merging(["le": bound]) { $1 }) { index in
                    Double(index * (place + 1) * (number + 1))
                }
            }
        }
        add("member_info", ["instance": "n0:2379", "member": "m0", "version": "3.5.1"]) { _ in 1 }
        add("member_info", ["instance": "n1:2379", "member": "m1", "version": "3.4.23"]) { _ in 1 }
        add("huge", [:]) { 1e300 * Double($0) }
        return result
    }

    private static let queries = [
        "up", "requests_total{job=~\"et.*\",n!=\"2\"}", "{__name__=~\"up|huge\"}", "requests_total offset 3m",
        "requests_total @ 1700001000", "temperature @ end() - temperature @ start()", "rate(requests_total[1m])",
        "rate(requests_total[5m] offset 2m)", "increase(requests_total[137s])", "delta(temperature[3m])",
        "irate(requests_total[2m])", "idelta(temperature[1m])", "deriv(temperature[10m])",
        "predict_linear(temperature[5m], 600)", "resets(requests_total[20m])", "changes(temperature[10m])",
        "avg_over_time(temperature[5m])", "min_over_time(temperature[2m])", "max_over_time(temperature[2m])",
        "sum_over_time(temperature[2m])", "count_over_time(requests_total[6m])", "stddev_over_time(temperature[5m])",
        "stdvar_over_time(temperature[5m])", "quantile_over_time(0.9, temperature[5m])", "last_over_time(up[10m])",
        "present_over_time(up[1m])", "absent(nothing{a=\"b\"})", "absent(up)", "absent_over_time(nothing[5m])",
        "sum(rate(requests_total[5m]))", "sum by (job) (requests_total)", "avg without (n, instance) (temperature)",
        "min(temperature)", "max by (job) (temperature)", "count(up == 1)", "group by (job) (up)",
        "stddev by (job) (requests_total)", "stdvar(requests_total)", "topk(2, requests_total)",
        "bottomk by (job) (1, requests_total)", "quantile(0.75, requests_total)", "count_values(\"value\", up)",
        "requests_total / 3 + 1", "2 ^ (temperature / 10) % 7", "-requests_total", "temperature > 10",
        "10 >= bool temperature",
        "requests_total / on (instance, job) up",
        "requests_total * on (instance) group_left (member, version) member_info",
        "member_info * on (instance) group_right requests_total", "requests_total and on (instance) member_info",
        "requests_total unless on (instance) member_info", "up or member_info", "up == 1 unless up offset 1m == 1",
        // Prometheus 2 forgets to drop the name after atan2.
        "sum by (n) (requests_total atan2 temperature)", "histogram_quantile(0.99, rate(seconds_bucket[5m]))",
        "histogram_quantile(0.5, sum by (le, job) (rate(seconds_bucket[5m])))",
        "histogram_quantile(0.9, seconds_bucket)",
        "max_over_time(sum(rate(requests_total[1m]))[10m:30s])", "avg_over_time(temperature[10m:])",
        "sum_over_time(requests_total[5m:17s] offset 1m)", "rate(requests_total[5m] @ 1700001000)",
        "label_replace(up, \"host\", \"$1-$2\", \"instance\", \"(.*):(\\\\d+)\")",
        "label_join(up, \"both\", \"/\", \"job\", \"instance\")", "abs(temperature)", "ceil(temperature / 3)",
        "floor(temperature / 3)", "round(temperature, 0.3)", "clamp(temperature, -5, 5)", "clamp_min(temperature, 0)",
        "sgn(temperature)", "sqrt(temperature)", "ln(requests_total)", "exp(temperature / 10)", "log2(requests_total)",
        "sin(temperature)", "atanh(temperature / 100)", "deg(temperature)", "timestamp(requests_total)",
        "timestamp(requests_total + 0)", "time()", "minute()", "day_of_week(vector(time() * 7))",
        "hour(requests_total * 1e6)",
        "days_in_month(vector(1.7e9 + time() % 1e8))", "day_of_year(vector(time()))", "scalar(huge)", "vector(1)",
        "1 + 2 * 3",
        "huge * 1e10", "huge / 7e299", "sum(huge) by (x) * -1", "sort_desc(requests_total)", "1e-7 * vector(3)",
        "vector(1e21)", "vector(123456789.125)", "pi()", "0x1F + 017", "Inf - Inf",
    ]

    @Test func instantAndRangeQueriesAnswerAlike() async throws {
        try await compare { server, api in
            for query in Self.queries {
                for time in ["1700001234", "1700002399.5", "1700005000"] {
                    let form = [(name: "query", value: query), (name: "time", value: time)]
                    try await compare("query", form, server, api)
                }
                for step in ["15", "1m7s"] {
                    let form = [
                        (name: "query", value: query), (name: "start", value: "1699999900"),
                        (name: "end", value: "1700002600.25"), (name: "step", value: step),
                    ]
                    try await compare("query_range", form, server, api)
                }
            }
        }
    }

    @Test func otherEndpointsAndMistakesAnswerAlike() async throws {
        try await compare { server, api in
            let range = [(name: "start", value: "1700000000"), (name: "end", value: "1700002400")]
            try await compare("labels", range, server, api)
            try await compare("label/instance/values", range + [(name: "match[]", value: "member_info")], server, api)
            try await compare(
                "series", range + [(name: "match[]", value: "{job=\"etcd\",__name__=\"up\"}")], server, api)
            for query in [
                "sum(", "up[5m", "rate(up)", "up{", "nope(1)", "up * on(job) up", "1 > 2", "up[5m]", "{}",
                "up{a=~\"(\"}", "label_replace(up, \"\", \"\", \"\", \"\")",
                "up * on(job) group_left requests_total", "-{__name__=~\"up|requests_total|temperature\"}",
            ] {
                let form = [
                    (name: "query", value: query), (name: "time", value: "1700001234"),
                    (name: "start", value: "1700001000"), (name: "end", value: "1700002000"),
                    (name: "step", value: "60"),
                ]
                try await compare("query", form, server, api)
                try await compare("query_range", form, server, api)
            }
        }
    }

    private func compare(_ body: (PrometheusServer, PrometheusAPI) async throws -> Void) async throws {
        let source = MemorySeriesSource()
        for (labels, samples) in Self.series { source.add(labels, samples) }
        let api = PrometheusAPI(
            source: source, options: .prometheus2, clock: WallClock { Timestamp(milliseconds: Self.end) })
        let server = try await PrometheusServer(Self.series)
        do {
            try await body(server, api)
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    private func compare(
        _ path: String, _ form: [(name: String, value: String)], _ server: PrometheusServer, _ api: PrometheusAPI
    ) async throws {
        let theirs = try await server.get(path, form)
        let ours = await api.answer(path, FormParameters(form))
        let difference = try PrometheusAnswer(status: ours.status, body: ours.body)
            .difference(from: PrometheusAnswer(status: theirs.status, body: theirs.body))
        if let difference { Issue.record("\(path) \(form.map(\.value)): \(difference)") }
    }
}
