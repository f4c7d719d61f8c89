internal import Glibc
internal import Synchronization

/// A small SMTP server for tests (RFC 5321: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT; AUTH PLAIN and LOGIN on request).
///
/// It follows the protocol to the letter, order of commands included, keeps what it takes, and refuses what `refuse`
/// tells it to, with any code at any step. One blocking thread a connection. Stops when it is released.
public final class MailServerFixture: Sendable {
    /// Where a conversation stands.
    public enum Step: String, Sendable {
        case greeting, ehlo, auth, mail, recipient, data, message
    }

    /// A mail as it was taken.
    public struct Mail: Sendable {
        /// The return path.
        public let sender: String
        /// In order.
        public let recipients: [String]
        /// Header and body, dots unstuffed, lines ending in CR LF.
        public let content: [UInt8]
        /// The user name that signed in, if any.
        public let user: String?

        /// The content as text.
        public var text: String { String(decoding: content, as: UTF8.self) }

        /// The value of the header `name`, unfolded; nil if there is none.
        public func header(_ name: String) -> String? {
            var value: String?
            for line in text.split(separator: "\r\n", omittingEmptySubsequences: false).prefix(while: { !$0.isEmpty }) {
                if let first = line.first, first == " " || first == "\t" {
                    if let known = value { value = known + line.drop { $0 == " " || $0 == "\t" } }
                } else if value != nil {
                    return value
                } else if line.lowercased().hasPrefix(name.lowercased() + ":") {
                    value = String(line.dropFirst(name.count + 1).drop { $0 == " " })
                }
            }
            return value
        }
    }

    /// What a step of a conversation (numbered from 1) is answered with instead of yes; nil for yes. `.hangUp` closes.
    public enum Refusal: Sendable {
        /// This code and text.
        case code(Int, String)
        /// The connection is closed without an answer.
        case hangUp
        /// Nothing more is said; the connection stays open.
        case silence
    }

    /// Decides about a step; called on the connection's thread.
    public typealias Refuse = @Sendable (Step, _ conversation: Int) -> Refusal?

    private struct Shared {
        var mails: [Mail] = []
        var connections: [Int32] = []
        var conversations = 0
        var isStopped = false
        var watchers: [(mails: Int, conversations: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private final class State: Sendable {
        let shared = Mutex(Shared())
    }

    private let state = State()
    private let listener: Int32
    /// The port on 127.0.0.1.
    public let port: Int

    /// A server on a free port of 127.0.0.1; with `user` and `password`, nobody may send without them.
    public init(
        user: String? = nil, password: String? = nil, refuse: @escaping Refuse = { _, _ in nil }
    ) throws {
        (listener, port) = try listenTCP()
        let (listener, state) = (listener, state)
        let credentials = user.flatMap { user in password.map { (user, $0) } }
        startThread { Self.accept(listener, state, credentials, refuse) }
    }

    deinit { stop() }

    /// What was taken so far.
    public var mails: [Mail] { state.shared.withLock { $0.mails } }

    /// How many connections were made so far.
    public var conversations: Int { state.shared.withLock { $0.conversations } }

    /// Waits until `count` mails were taken, and returns them all. Give the test a time limit.
    public func waitForMails(_ count: Int) async -> [Mail] {
        await wait(mails: count, conversations: 0)
        return mails
    }

    /// Waits until `count` connections were made.
    public func waitForConversations(_ count: Int) async { await wait(mails: 0, conversations: count) }

    private func wait(mails: Int, conversations: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.shared.withLock { shared in
                if shared.mails.count >= mails, shared.conversations >= conversations { return true }
                shared.watchers.append((mails, conversations, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Closes all sockets.
    public func stop() {
        let connections = state.shared.withLock { shared in
            guard !shared.isStopped else { return [Int32]() }
            shared.isStopped = true
            return shared.connections
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private static func accept(
        _ listener: Int32, _ state: State, _ credentials: (String, String)?, _ refuse: @escaping Refuse
    ) {
        defer { close(listener) }
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            if socket < 0, errno == EINTR { continue }
            guard socket >= 0 else { return }
            let number = update(state) { shared in
                shared.connections.append(socket)
                shared.conversations += 1
                return shared.conversations
            }
            startThread {
                var conversation = SMTPConversation(
                    socket: socket, number: number, credentials: credentials, refuse: refuse)
                conversation.run { mail in update(state) { $0.mails.append(mail) } }
                state.shared.withLock { shared in shared.connections.removeAll { $0 == socket } }
                close(socket)
            }
        }
    }

    @discardableResult
    private static func update<Result: Sendable>(_ state: State, _ change: (inout Shared) -> Result) -> Result {
        let (result, ready) = state.shared.withLock { shared in
            let result = change(&shared)
            let (mails, conversations) = (shared.mails.count, shared.conversations)
            let isReady = {
                (watcher: (mails: Int, conversations: Int, continuation: CheckedContinuation<Void, Never>)) in
                watcher.mails <= mails && watcher.conversations <= conversations
            }
            let ready = shared.watchers.filter(isReady).map(\.continuation)
            shared.watchers.removeAll(where: isReady)
            return (result, ready)
        }
        for continuation in ready { continuation.resume() }
        return result
    }
}

/// One connection's conversation.
private struct SMTPConversation {
    let socket: Int32
    let number: Int
    let credentials: (user: String, password: String)?
    let refuse: MailServerFixture.Refuse
    var buffer: [UInt8] = []
    var isGreeted = false
    var user: String?
    var sender: String?
    var recipients: [String] = []

    mutating func run(_ take: (MailServerFixture.Mail) -> Void) {
        guard say(.greeting, 220, "stub ESMTP") else { return }
        while let line = line() {
            let verb = line.prefix { $0 != " " && $0 != ":" }.uppercased()
            let goesOn: Bool
            switch verb {
            case "EHLO":
                isGreeted = true
                goesOn = say(.ehlo, 250, credentials == nil ? "stub" : "stub\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
            case "AUTH": goesOn = authenticate(line)
            case "MAIL": goesOn = mail(line)
            case "RCPT": goesOn = recipient(line)
            case "DATA": goesOn = data(take)
            case "RSET":
                reset()
                goesOn = answer(250, "forgotten")
            case "NOOP": goesOn = answer(250, "yes")
            case "QUIT":
                _ = answer(221, "bye")
                goesOn = false
            default: goesOn = answer(502, "what?")
            }
            guard goesOn else { return }
        }
    }

    private mutating func mail(_ line: String) -> Bool {
        guard isGreeted else { return answer(503, "EHLO first") }
        guard credentials == nil || user != nil else { return answer(530, "sign in first") }
        guard sender == nil, let path = Self.path(line) else { return answer(501, "not now, or no path") }
        sender = path
        return say(.mail, 250, "sender ok")
    }

    private mutating func recipient(_ line: String) -> Bool {
        guard sender != nil, let path = Self.path(line) else { return answer(503, "MAIL first") }
        recipients.append(path)
        return say(.recipient, 250, "recipient ok")
    }

    private mutating func data(_ take: (MailServerFixture.Mail) -> Void) -> Bool {
        guard let sender, !recipients.isEmpty else { return answer(503, "RCPT first") }
        if let refusal = refuse(.data, number) { return refused(refusal) }
        guard answer(354, "go on") else { return false }
        var content: [UInt8] = []
        while let line = rawLine() {
            if line == [UInt8(ascii: ".")] {
                let mail = MailServerFixture.Mail(sender: sender, recipients: recipients, content: content, user: user)
                reset()
                // Taken before the answer goes out: a client that was told 250 finds the mail here.
                if refuse(.message, number) == nil { take(mail) }
                return say(.message, 250, "taken")
            }
            content += line.first == UInt8(ascii: ".") ? line.dropFirst() : line[...]
            content += [13, 10]
        }
        return false
    }

    private mutating func authenticate(_ line: String) -> Bool {
        if let refusal = refuse(.auth, number) { return refused(refusal) }
        let words = line.split(separator: " ").map(String.init)
        var given: (user: String, password: String)?
        if words.count > 1, words[1].uppercased() == "PLAIN" {
            let initial = words.count > 2 ? words[2] : ask("")
            let parts = Self.base64(initial ?? "").split(separator: 0, omittingEmptySubsequences: false)
            if parts.count == 3 { given = (Self.text(parts[1]), Self.text(parts[2])) }
        } else if words.count > 1, words[1].uppercased() == "LOGIN" {
            let name = words.count > 2 ? words[2] : ask("VXNlcm5hbWU6")
            let password = ask("UGFzc3dvcmQ6")
            given = (Self.text(Self.base64(name ?? "")[...]), Self.text(Self.base64(password ?? "")[...]))
        }
        guard let given, let credentials, given == credentials else { return answer(535, "wrong user or password") }
        user = given.user
        return answer(235, "welcome")
    }

    private mutating func ask(_ prompt: String) -> String? {
        answer(334, prompt) ? line() : nil
    }

    private mutating func reset() { (sender, recipients) = (nil, []) }

    // MARK: Lines

    private func say(_ step: MailServerFixture.Step, _ code: Int, _ text: String) -> Bool {
        if let refusal = refuse(step, number) { return refused(refusal) }
        return answer(code, text)
    }

    private func refused(_ refusal: MailServerFixture.Refusal) -> Bool {
        switch refusal {
        case .code(let code, let text): return answer(code, text)
        case .hangUp: return false
        case .silence:
            var byte: UInt8 = 0
            while read(socket, &byte, 1) > 0 {}
            return false
        }
    }

    /// `text` may hold further lines of a multi-line answer, each with its code.
    private func answer(_ code: Int, _ text: String) -> Bool {
        send(socket, Array("\(code)\(text.contains("\r\n") ? "-" : " ")\(text)\r\n".utf8))
    }

    private mutating func line() -> String? { rawLine().map { String(decoding: $0, as: UTF8.self) } }

    private mutating func rawLine() -> [UInt8]? {
        while true {
            if let at = buffer.firstIndex(of: 10) {
                defer { buffer.removeFirst(at + 1) }
                return Array(at > 0 && buffer[at - 1] == 13 ? buffer[..<(at - 1)] : buffer[..<at])
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { return nil }
            buffer += chunk.prefix(count)
        }
    }

    private static func path(_ line: String) -> String? {
        guard let start = line.firstIndex(of: "<"), let end = line.lastIndex(of: ">"), start < end else { return nil }
        return String(line[line.index(after: start)..<end])
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func base64(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var (bits, count, bytes): (UInt32, Int, [UInt8]) = (0, 0, [])
        for digit in text.utf8 {
            guard let value = alphabet.firstIndex(of: digit) else { break }
            (bits, count) = (bits << 6 | UInt32(value), count + 6)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
