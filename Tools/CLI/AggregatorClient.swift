import ArgumentParser
import Glibc
import HTTPClient
import JSON

/// Where the aggregator is and who asks; the same for all commands that ask it.
struct AggregatorOptions: ParsableArguments {
    @Option(help: "The aggregator, https://HOST:8379. Without it ETCD_MONITOR_URL counts.")
    var url: String?

    @Option(
        help: "A file with an API token, which never stands in an argument. Without it ETCD_MONITOR_TOKEN_FILE counts.")
    var tokenFile: String?

    @Option(
        help:
            "The aggregator's authority in PEM; its own is served at /ca.pem. Without it ETCD_MONITOR_CA_FILE, or the system's."
    )
    var caFile: String?

    /// Who asks, with everything read.
    ///
    /// - Throws: `CommandFailure` that names what is missing.
    func client() throws -> AggregatorClient {
        guard let url = url ?? Self.variable("ETCD_MONITOR_URL") else {
            throw CommandFailure("no aggregator is named; give --url https://HOST:8379, or set ETCD_MONITOR_URL")
        }
        guard let file = tokenFile ?? Self.variable("ETCD_MONITOR_TOKEN_FILE") else {
            throw CommandFailure(
                "no token is given; make one in the dashboard and give its file with --token-file, or set ETCD_MONITOR_TOKEN_FILE"
            )
        }
        let authority = caFile ?? Self.variable("ETCD_MONITOR_CA_FILE")
        return AggregatorClient(
            url: url.hasSuffix("/") ? String(url.dropLast()) : url, token: try TextFile.line(of: file),
            http: HTTPClient(tls: TLSOptions(trust: authority.map { .file($0) } ?? .system)))
    }

    private static func variable(_ name: String) -> String? {
        guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }
}

/// Asks the aggregator's API.
struct AggregatorClient {
    let url: String
    let token: String
    let http: HTTPClient

    /// The answer to `method` of `path`.
    ///
    /// - Throws: `CommandFailure` with what the aggregator, or the way to it, said.
    func ask(
        _ method: String, _ path: String, _ body: JSONValue? = nil, deadline: Duration = .seconds(30)
    ) async throws -> JSONValue {
        var headers = [(name: "Authorization", value: "Bearer \(token)"), (name: "Accept", value: "application/json")]
        if body != nil { headers.append((name: "Content-Type", value: "application/json")) }
        // Changes are taken only with a header that no foreign page can set.
        headers.append((name: "X-Requested-With", value: "etcd-monitor"))
        let answer: HTTPResponse
        do {
            answer = try await http.send(
                HTTPRequest(
                    method, url + path, headers: headers, body: body?.serialized(),
                    maximumBodyBytes: 64 << 20), deadline: deadline)
        } catch {
            throw CommandFailure("\(url) cannot be asked: \(error)")
        }
        guard (200..<300).contains(answer.status) else {
            // What is no problem in JSON is told by its status alone.
            let detail = (try? JSONValue(parsing: answer.body))?["detail"]?.string
            throw CommandFailure("\(url) answers \(answer.status)\(detail.map { ": \($0)" } ?? "")")
        }
        guard !answer.body.isEmpty else { return .null }
        do {
            return try JSONValue(parsing: answer.body)
        } catch {
            throw CommandFailure("\(url)\(path) answers something that is not JSON: \(error)")
        }
    }
}

/// What kept a command from its work, for the person who gave it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension AggregatorOptions {
    /// Does `work` with the aggregator; what keeps it from that is told, and the command exits with 2.
    func ask<Answer>(_ work: (AggregatorClient) async throws -> Answer) async throws -> Answer {
        do {
            return try await work(try client())
        } catch let failure as CommandFailure {
            Terminal.complain("\(failure)")
            throw ExitCode(2)
        }
    }
}

/// Small files.
enum TextFile {
    /// All of the file at `path`, at most 8 MB.
    static func text(of path: String) throws(CommandFailure) -> String {
        guard let file = fopen(path, "r") else {
            throw CommandFailure("\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 8 << 20 {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Its first line.
    static func line(of path: String) throws(CommandFailure) -> String {
        let line = try text(of: path).split(separator: "\n").first.map(String.init) ?? ""
        guard !line.isEmpty else { throw CommandFailure("\(path) is empty") }
        return line
    }
}
