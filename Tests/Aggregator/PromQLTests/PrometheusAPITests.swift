import JSON
import Model
import PromQL
import TestSupport
import Testing

/// The JSON of Prometheus's HTTP API.
struct PrometheusAPITests {
    private let api: PrometheusAPI

    init() {
        let source = MemorySeriesSource()
        for (instance, factor) in [("a", 1.0), ("b", 2.0)] {
            source.add(
                Labels(metric: "requests_total", [Label("instance", instance), Label("job", "etcd")]),
                (0..<5).map { Sample(Timestamp(milliseconds: $0 * 15_000), Double($0) * factor) })
        }
        source.add(Labels(metric: "odd", []), [Sample(Timestamp(milliseconds: 0), 1e21)])
        source.add(MetricFamily(name: "requests_total", type: .counter, help: "Requests \"served\"."))
        api = PrometheusAPI(
            source: source, version: "1.2.3", clock: WallClock { Timestamp(milliseconds: 60_000) })
    }

    private func ask(_ path: String, _ form: [(name: String, value: String)] = []) async -> (Int, String) {
        let answer = await api.answer(path, FormParameters(form))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    @Test func instantQueryAnswersAVector() async {
        let (status, body) = await ask("query", [("query", "requests_total{instance=\"b\"}"), ("time", "61.5")])
        #expect(status == 200)
        #expect(
            body == """
                {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"requests_total",\
                "instance":"b","job":"etcd"},"value":[61.500,"8"]}]}}
                """)
    }

    @Test(arguments: [
        ("1", "{\"resultType\":\"scalar\",\"result\":[60,\"1\"]}"),
        ("\"text\"", "{\"resultType\":\"string\",\"result\":[60,\"text\"]}"),
        (
            "odd @ 0",
            "{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"odd\"},\"value\":[60,\"1000000000000000000000\"]}]}"
        ),
        (
            "odd[1m] @ 30",
            "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"odd\"},\"values\":[[0,\"1000000000000000000000\"]]}]}"
        ),
        ("vector(-1/0)", "{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[60,\"-Inf\"]}]}"),
    ])
    func everyTypeHasItsShape(query: String, data: String) async {
        let (status, body) = await ask("query", [("query", query)])
        #expect(status == 200)
        #expect(body == "{\"status\":\"success\",\"data\":\(data)}")
    }

    @Test func rangeQueryTakesBothFormsOfTime() async {
        let (status, body) = await ask(
            "query_range",
            [
                ("query", "sum(requests_total)"), ("start", "1970-01-01T00:00:00Z"),
                ("end", "1970-01-01T01:00:30.000+01:00"), ("step", "15s"),
            ])
        #expect(status == 200)
        #expect(
            body
                == "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[0,\"0\"],[15,\"3\"],[30,\"6\"]]}]}}"
        )
    }

    @Test(arguments: [
        ("query", [("query", "sum(")], 400, "bad_data", "invalid parameter \"query\": 1:5: parse error: "),
        ("query", [("query", "1"), ("time", "yesterday")], 400, "bad_data", "invalid parameter \"time\""),
        ("query", [("query", "requests_total * on(job) requests_total")], 422, "execution", "found duplicate series"),
        (
            "query_range", [("query", "1"), ("start", "0"), ("end", "9"), ("step", "0")], 400, "bad_data",
            "zero or negative"
        ),
        (
            "query_range", [("query", "1"), ("start", "9"), ("end", "0"), ("step", "1")], 400, "bad_data",
            "end timestamp"
        ),
        (
            "query_range", [("query", "1"), ("start", "0"), ("end", "11000"), ("step", "1")], 400, "bad_data",
            "exceeded maximum resolution"
        ),
        (
            "query_range", [("query", "up[5m]"), ("start", "0"), ("end", "9"), ("step", "1")], 400, "bad_data",
            "invalid expression type"
        ),
        ("series", [], 400, "bad_data", "no match[] parameter provided"),
        ("series", [("match[]", "rate(x[5m])")], 400, "bad_data", "not a series selector"),
        ("nonsense", [], 404, "not_found", ""),
    ])
    func mistakesAreToldAsPrometheusTellsThem(
        path: String, form: [(String, String)], status: Int, type: String, part: String
    ) async {
        let (got, body) = await ask(path, form.map { (name: $0.0, value: $0.1) })
        #expect(got == status)
        let json = try? JSONValue(parsing: Array(body.utf8))
        #expect(json?["status"]?.string == "error")
        #expect(json?["errorType"]?.string == type)
        #expect(json?["error"]?.string?.contains(part) ?? false || part.isEmpty, "\(body)")
    }

    @Test func seriesLabelsValuesAndMetadataAreListed() async {
        #expect(
            await ask("series", [("match[]", "requests_total{instance=\"a\"}")]).1
                == "{\"status\":\"success\",\"data\":[{\"__name__\":\"requests_total\",\"instance\":\"a\",\"job\":\"etcd\"}]}"
        )
        #expect(await ask("labels").1 == "{\"status\":\"success\",\"data\":[\"__name__\",\"instance\",\"job\"]}")
        #expect(await ask("label/instance/values").1 == "{\"status\":\"success\",\"data\":[\"a\",\"b\"]}")
        #expect(
            await ask("label/instance/values", [("match[]", "odd")]).1 == "{\"status\":\"success\",\"data\":[]}")
        #expect(
            await ask("metadata").1
                == "{\"status\":\"success\",\"data\":{\"requests_total\":[{\"type\":\"counter\",\"help\":\"Requests \\\"served\\\".\",\"unit\":\"\"}]}}"
        )
    }

    @Test func limitCutsAndSaysSo() async {
        let (_, body) = await ask("query", [("query", "requests_total"), ("limit", "1")])
        #expect(body.contains("results truncated due to limit"))
        #expect(!body.contains("\"instance\":\"b\""))
    }

    @Test func formattingPrintsTheCanonicalQuery() async {
        let (_, body) = await ask("format_query", [("query", "sum  by(job)(rate(x{a='b'}[300s]))")])
        #expect(body == "{\"status\":\"success\",\"data\":\"sum by (job) (rate(x{a=\\\"b\\\"}[5m]))\"}")
    }

    @Test func buildInfoNamesTheVersion() async {
        #expect(await ask("status/buildinfo").1.contains("etcd-monitor 1.2.3"))
    }
}
