public import ConfigurationFile
internal import Glibc
internal import HTTPClient
internal import PromQL
public import SeriesQuery

/// Where series go by remote-write, and which.
public struct RemoteWriteEndpoint: Sendable {
    /// How the aggregator says who it is.
    public enum Credentials: Sendable {
        case none
        /// The first line of the file is a bearer token.
        case tokenFile(String)
        /// The first line of the file is the password of `user`.
        case basic(user: String, passwordFile: String)
    }

    /// Unique; its place in the stream is kept under this name.
    public var name: String
    /// `http` or `https`.
    public var url: String
    /// A series goes if it satisfies all conditions of one of these; none: all series.
    public var selectors: [[LabelMatcher]]
    /// Added to each series that has no such label.
    public var labels: [(name: String, value: String)]
    /// How the aggregator says who it is.
    public var credentials: Credentials
    /// Certificate authorities to trust, in PEM; nil for the system's.
    public var authorityFile: String?
    /// What one request may take.
    public var deadline: Duration
    /// Samples in one request.
    public var samplesPerRequest: Int

    /// An endpoint that gets all series.
    public init(name: String, url: String) {
        self.name = name
        self.url = url
        selectors = []
        labels = []
        credentials = .none
        deadline = .seconds(30)
        samplesPerRequest = 2000
    }

    /// Reads one mapping of the section `remote_write.endpoints`.
    init(reading reader: MappingReader) {
        var reader = reader
        self.init(name: reader.string("name"), url: reader.string("url"))
        if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            reader.problems.report(
                reader.node.error("\"\(url)\" is no URL to write to", remedy: "begin it with http:// or https://"))
        }
        for text in reader.strings("match", default: []) {
            do throws(QueryError) {
                selectors.append(try FormParameters.matchers(text))
            } catch {
                reader.problems.report(
                    reader.node.error("match: \(error.message)", remedy: "write a selector such as {job=\"etcd\"}"))
            }
        }
        labels = reader.texts("labels")
        authorityFile = reader.string("ca_file", default: nil)
        deadline = reader.duration("deadline", default: deadline, in: .seconds(1) ... .seconds(300))
        samplesPerRequest = reader.int("samples_per_request", default: samplesPerRequest, in: 1...50_000)
        let token = reader.string("token_file", default: nil)
        let (user, password) = (reader.string("user", default: nil), reader.string("password_file", default: nil))
        if let token { credentials = .tokenFile(token) }
        if let user, let password { credentials = .basic(user: user, passwordFile: password) }
        if (user == nil) != (password == nil) || token != nil && user != nil {
            reader.problems.report(
                reader.node.error(
                    "credentials of \"\(name)\" are not whole, or twice",
                    remedy: "give `token_file`, or `user` and `password_file`"))
        }
        reader.finish()
    }
}

/// What goes out by remote-write: the section `remote_write`.
public struct RemoteWriteConfiguration: Sendable {
    /// Where series go.
    public var endpoints: [RemoteWriteEndpoint] = []
    /// For how long batches are kept for an endpoint that does not take them.
    public var maximumAge: Duration = .seconds(2 * 3600)

    /// Nothing goes anywhere.
    public init() {}

    /// Reads the section; complaints go to the reader's `problems`.
    public init(reading reader: MappingReader) {
        var reader = reader
        maximumAge = reader.duration("max_age", default: maximumAge, in: .seconds(60) ... .seconds(7 * 86_400))
        endpoints = reader.mappings("endpoints").map(RemoteWriteEndpoint.init(reading:))
        reader.finish()
        var seen: Set<String> = []
        for endpoint in endpoints where !seen.insert(endpoint.name).inserted {
            reader.problems.report(
                reader.node.error("two endpoints are named \"\(endpoint.name)\"", remedy: "give each its own name"))
        }
    }
}

/// The first line of a file, read anew each time, so that a replaced secret counts without a restart.
enum SecretFile {
    /// - Throws: `.malformed` with the path and the reason; never with what is in it.
    static func read(_ path: String) throws(RemoteWriteError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RemoteWriteError(.malformed, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let line = bytes.prefix(max(count, 0)).prefix { $0 != 0x0a && $0 != 0x0d }
        guard !line.isEmpty else { throw RemoteWriteError(.malformed, "\(path) is empty") }
        return String(decoding: line, as: UTF8.self)
    }
}
