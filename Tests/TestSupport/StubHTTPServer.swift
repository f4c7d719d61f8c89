internal import Glibc
internal import Synchronization

/// A small HTTP/1.1 server for tests: answers from a closure and records what it was asked.
///
/// One blocking thread a connection; keep-alive; bodies by Content-Length or chunked. Stops when it is released.
public final class StubHTTPServer: Sendable {
    /// A request as it was received.
    public struct Request: Sendable {
        /// GET, POST, …
        public let method: String
        /// `/path?query`
        public let target: String
        /// In order, names as sent.
        public let headers: [(name: String, value: String)]
        /// The body, chunks joined.
        public let body: [UInt8]
        /// All bytes on the wire, header and body.
        public let wireBytes: Int
        /// Which connection it came over, from 1.
        public let connection: Int

        /// The value of the first header `name` (any case), or nil.
        public subscript(header name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// What to answer.
    public enum Response: Sendable {
        /// A complete answer.
        case answer(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [])
        /// These bytes as they are, then the connection is closed.
        case raw([UInt8])
        /// Nothing: the connection stays open and silent until the server stops.
        case silence
        /// The connection is closed without an answer.
        case hangUp

        /// A complete answer with a text.
        public static func text(_ text: String, status: Int = 200, type: String = "text/plain") -> Response {
            .answer(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
        }

        /// A complete answer with a JSON text.
        public static func json(_ text: String, status: Int = 200) -> Response {
            .text(text, status: status, type: "application/json")
        }
    }

    /// Decides an answer; called on the connection's thread, may block.
    public typealias Handler = @Sendable (Request) -> Response

    private let state: StubServerState
    /// The port on 127.0.0.1; 0 for a Unix socket.
    public let port: Int

    /// A server on a free port of 127.0.0.1, or on the Unix socket `unixSocketPath`.
    public init(unixSocketPath: String? = nil, _ handler: @escaping Handler) throws {
        let (listener, port) = try unixSocketPath.map { (try listenUnix($0), 0) } ?? listenTCP()
        self.port = port
        state = StubServerState(listener: listener, handler: handler)
        let state = state
        startThread { state.acceptConnections() }
    }

    deinit { stop() }

    /// `http://127.0.0.1:port`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// What was received so far.
    public var requests: [Request] { state.requests }

    /// How many connections were made so far.
    public var connectionCount: Int { state.connectionCount }

    /// Waits until at least `count` requests were received, and returns them all. Give the test a time limit.
    public func waitForRequests(_ count: Int) async -> [Request] { await state.waitForRequests(count) }

    /// Closes all sockets.
    public func stop() { state.stop() }
}

/// What the threads of a server share.
final class StubServerState: Sendable {
    private struct Shared {
        var requests: [StubHTTPServer.Request] = []
        var connections: [Int32] = []
        var connectionCount = 0
        var isStopped = false
        var watchers: [(count: Int, continuation: CheckedContinuation<[StubHTTPServer.Request], Never>)] = []
    }

    private let listener: Int32
    private let handler: StubHTTPServer.Handler
    private let shared = Mutex(Shared())

    init(listener: Int32, handler: @escaping StubHTTPServer.Handler) {
        self.listener = listener
        self.handler = handler
    }

    var requests: [StubHTTPServer.Request] { shared.withLock { $0.requests } }
    var connectionCount: Int { shared.withLock { $0.connectionCount } }

    func waitForRequests(_ count: Int) async -> [StubHTTPServer.Request] {
        await withCheckedContinuation { continuation in
            let there: [StubHTTPServer.Request]? = shared.withLock { shared in
                if shared.requests.count >= count { return shared.requests }
                shared.watchers.append((count, continuation))
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }

    func stop() {
        let connections = shared.withLock { shared in
            guard !shared.isStopped else { return [Int32]() }
            shared.isStopped = true
            return shared.connections
        }
        // Shut down only: each thread closes its own socket, so that no number is closed twice.
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    func acceptConnections() {
        defer { close(listener) }
        while true {
            let socket = accept(listener, nil, nil)
            if socket < 0, errno == EINTR { continue }
            guard socket >= 0 else { return }
            let number: Int? = shared.withLock { shared in
                guard !shared.isStopped else { return nil }
                shared.connections.append(socket)
                shared.connectionCount += 1
                return shared.connectionCount
            }
            guard let number else {
                close(socket)
                return
            }
            startThread { self.serve(socket, number) }
        }
    }

    private func serve(_ socket: Int32, _ number: Int) {
        defer {
            shared.withLock { shared in shared.connections.removeAll { $0 == socket } }
            close(socket)
        }
        var reader = StubRequestReader(socket: socket, connection: number)
        while let request = reader.next() {
            record(request)
            switch handler(request) {
            case .answer(let status, let headers, let body):
                guard send(socket, encoded(status, headers, body, request)) else { return }
            case .raw(let bytes):
                _ = send(socket, bytes)
                return
            case .silence:
                var byte: UInt8 = 0
                while read(socket, &byte, 1) > 0 {}
                return
            case .hangUp: return
            }
        }
    }

    private func record(_ request: StubHTTPServer.Request) {
        let (ready, all) = shared.withLock { shared in
            shared.requests.append(request)
            let count = shared.requests.count
            let ready = shared.watchers.filter { $0.count <= count }.map(\.continuation)
            shared.watchers.removeAll { $0.count <= count }
            return (ready, shared.requests)
        }
        for continuation in ready { continuation.resume(returning: all) }
    }

    private func encoded(
        _ status: Int, _ headers: [(name: String, value: String)], _ body: [UInt8], _ request: StubHTTPServer.Request
    ) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if status != 204 { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8) + (request.method == "HEAD" ? [] : body)
    }
}

/// Reads requests from one socket.
private struct StubRequestReader {
    let socket: Int32
    let connection: Int
    var buffer: [UInt8] = []

    mutating func next() -> StubHTTPServer.Request? {
        guard let header = take(until: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: header, as: UTF8.self).split(separator: "\r\n")
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (name: String(parts[0]), value: String(value))
        }
        func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        if value("expect") == "100-continue" { _ = send(socket, Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        var body: [UInt8]? = []
        var wireBytes = header.count + 4
        if value("transfer-encoding") == "chunked" {
            (body, wireBytes) = chunks(wireBytes)
        } else if let length = value("content-length").flatMap({ Int($0) }) {
            body = take(length)
            wireBytes += length
        }
        guard let body else { return nil }
        return StubHTTPServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: body, wireBytes: wireBytes,
            connection: connection)
    }

    private mutating func chunks(_ before: Int) -> ([UInt8]?, Int) {
        var (body, wireBytes) = ([UInt8](), before)
        while let line = take(until: Array("\r\n".utf8)),
            let size = Int(String(decoding: line, as: UTF8.self), radix: 16), let chunk = take(size + 2)
        {
            wireBytes += line.count + 2 + chunk.count
            if size == 0 { return (body, wireBytes) }
            body += chunk.dropLast(2)
        }
        return (nil, wireBytes)
    }

    private mutating func take(until end: [UInt8]) -> [UInt8]? {
        while true {
            if let at = buffer.indices.first(where: { buffer[$0...].starts(with: end) }) {
                defer { buffer.removeFirst(at + end.count) }
                return Array(buffer[..<at])
            }
            guard fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private mutating func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(socket, &chunk, chunk.count)
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }
}
