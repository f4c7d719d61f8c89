internal import Glibc
internal import Synchronization

/// A small mail server for tests: takes every mail, or answers as it is told, and records the dialogue.
public final class StubSMTPServer: Sendable {
    private struct State {
        var lines: [String] = []
        var mails: [[String]] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<[[String]], Never>)] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let listener: Int32
    /// The port on 127.0.0.1.
    public let port: Int

    /// A server on a free port of 127.0.0.1.
    /// - Parameters:
    ///   - answers: by command (`RCPT`, `DATA`, `.` for the end of the mail), the line to answer with; "" for silence.
    ///   - extensions: what EHLO tells.
    public init(answers: [String: String] = [:], extensions: [String] = []) throws {
        (listener, port) = try listenTCP()
        let (shared, listener) = (shared, listener)
        startThread {
            while case let socket = accept(listener, nil, nil), socket >= 0 {
                startThread { Self.serve(socket, shared, answers, extensions) }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Commands so far, in order.
    public var lines: [String] { shared.state.withLock { $0.lines } }

    /// The lines of each mail that was taken so far, dots still stuffed.
    public var mails: [[String]] { shared.state.withLock { $0.mails } }

    /// Waits until at least `count` mails were taken, and returns them. Give the test a time limit.
    public func waitForMails(_ count: Int) async -> [[String]] {
        await withCheckedContinuation { continuation in
            let there: [[String]]? = shared.state.withLock { state in
                if state.mails.count >= count { return state.mails }
                state.watchers.append((count, continuation))
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }

    private static func serve(
        _ socket: Int32, _ shared: Shared, _ answers: [String: String], _ extensions: [String]
    ) {
        defer { close(socket) }
        guard send(socket, Array("220 stub\r\n".utf8)), let file = fdopen(dup(socket), "r") else { return }
        defer { fclose(file) }
        var mail: [String]?
        while let line = readLine(file) {
            let command: String
            if let lines = mail {
                guard line == "." else {
                    mail = lines + [line]
                    continue
                }
                (command, mail) = (".", nil)
                if answers["."] == nil { take(lines, shared) }
            } else {
                command = String(line.prefix { $0 != " " }).uppercased()
                shared.state.withLock { $0.lines.append(line) }
            }
            let answer = answers[command] ?? standardAnswer(command, extensions)
            guard answer.isEmpty || send(socket, Array((answer + "\r\n").utf8)) else { return }
            if command == "DATA", answer.hasPrefix("354") { mail = [] }
            if command == "QUIT" { return }
        }
    }

    private static func take(_ mail: [String], _ shared: Shared) {
        let (ready, mails) = shared.state.withLock { state in
            state.mails.append(mail)
            let count = state.mails.count
            let ready = state.watchers.filter { $0.count <= count }.map(\.continuation)
            state.watchers.removeAll { $0.count <= count }
            return (ready, state.mails)
        }
        for continuation in ready { continuation.resume(returning: mails) }
    }

    private static func standardAnswer(_ command: String, _ extensions: [String]) -> String {
        switch command {
        case "EHLO": (["250-stub"] + extensions.map { "250-\($0)" } + ["250 8BITMIME"]).joined(separator: "\r\n")
        case "DATA": "354 go on"
        case "QUIT": "221 bye"
        case "HELO", "MAIL", "RCPT", "RSET", "NOOP", ".": "250 ok"
        default: "502 unknown"
        }
    }

    private static func readLine(_ file: UnsafeMutablePointer<FILE>) -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        guard getline(&line, &capacity, file) > 0, let line else { return nil }
        return String(cString: line).trimmingLineBreak
    }
}

extension String {
    /// Without a line break at the end.
    fileprivate var trimmingLineBreak: String {
        String(decoding: utf8.reversed().drop { $0 == 0x0d || $0 == 0x0a }.reversed(), as: UTF8.self)
    }
}
