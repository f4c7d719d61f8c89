internal import Glibc
internal import HTTPClient
public import Model

/// A real Prometheus over samples that are written to its store before it starts.
public final class PrometheusServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Whether Debian's `prometheus` is there, which brings `promtool`.
    public static let isInstalled = ["/usr/bin/prometheus", "/usr/bin/promtool"].allSatisfy { (path: String) in
        access(path, X_OK) == 0
    }

    private let directory: TemporaryDirectory
    private let process: ChildProcess
    private let client = HTTPClient()
    private let url: String

    /// Starts one that knows `series`; `series` must not hold staleness markers.
    public convenience init(_ series: [(labels: Labels, samples: [Sample])]) async throws {
        try await self.init(openMetrics: Array(Self.openMetrics(series).utf8))
    }

    /// Starts one that knows the samples of a text in the OpenMetrics format, timestamps included.
    public init(openMetrics: [UInt8]) async throws {
        directory = try TemporaryDirectory()
        try directory.write(openMetrics, to: "series.om")
        try directory.write("{}", to: "prometheus.yml")
        let import_ = try await ChildProcess.start(
            "/usr/bin/promtool",
            ["tsdb", "create-blocks-from", "openmetrics", directory.file("series.om"), directory.file("data")],
            output: directory.file("promtool.log"))
        guard await import_.waitForExit() == .status(0) else { throw Failure(description: import_.output) }
        let port = try freePorts(1)[0]
        url = "http://127.0.0.1:\(port)"
        process = try await ChildProcess.start(
            "/usr/bin/prometheus",
            [
                "--config.file=\(directory.file("prometheus.yml"))", "--storage.tsdb.path=\(directory.file("data"))",
                "--web.listen-address=127.0.0.1:\(port)", "--storage.tsdb.retention.time=100y",
            ], output: directory.file("prometheus.log"))
        try await waitUntilReady()
    }

    /// Ends it; call it always.
    public func stop() async { await process.kill() }

    /// `GET /api/v1/path?form`.
    public func get(_ path: String, _ form: [(name: String, value: String)]) async throws -> (
        status: Int, body: [UInt8]
    ) {
        let query = form.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
        let answer = try await client.send(HTTPRequest("GET", "\(url)/api/v1/\(path)?\(query)"), deadline: .seconds(30))
        return (answer.status, answer.body)
    }

    private func waitUntilReady() async throws {
        for _ in 0..<600 {
            if let exit = process.exit { throw Failure(description: "prometheus ended: \(exit) \(process.output)") }
            // Until it listens, requests are refused: asking again is the way to wait for it.
            if let answer = try? await client.send(HTTPRequest("GET", "\(url)/-/ready"), deadline: .seconds(1)),
                answer.status == 200
            {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure(description: "prometheus is not ready: \(process.output)")
    }

    private static func openMetrics(_ series: [(labels: Labels, samples: [Sample])]) -> String {
        var families: [String: [String]] = [:]
        for one in series {
            for sample in one.samples {
                let milliseconds = sample.timestamp.milliseconds
                families[one.labels.metric, default: []].append(
                    "\(one.labels) \(text(sample.value)) \(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
                )
            }
        }
        return families.sorted { $0.key < $1.key }.flatMap(\.value).joined(separator: "\n") + "\n# EOF\n"
    }

    private static func text(_ value: Double) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? value < 0 ? "-Inf" : "+Inf" : "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Unicode.Scalar(byte)
            if byte < 128, character.properties.isAlphabetic || character.properties.numericType != nil {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
