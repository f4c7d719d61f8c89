internal import CLibPQ
internal import Dispatch
internal import Glibc
internal import Synchronization

/// One `PGconn` with one owner, and the blocking calls on it. Used only on its connection's executor.
struct ConnectionHandle: ~Copyable {
    private let connection: OpaquePointer

    private init(_ connection: OpaquePointer) {
        self.connection = connection
    }

    /// Connects, within `configuration.connectTimeout`.
    static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> ConnectionHandle {
        // Later entries win: our names are defaults, what the connection string says overrides them.
        let settings: [(String, String)] = [
            ("connect_timeout", String(max(2, configuration.connectTimeout.components.seconds))),
            ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            ("fallback_application_name", configuration.applicationName),
            ("dbname", configuration.connectionString),
            ("client_encoding", "UTF8"),
        ]
        let started = withCStrings(settings.map(\.0)) { names in
            withCStrings(settings.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
        }
        guard let started else { throw PostgresError(.cannotConnect, "out of memory") }
        let handle = ConnectionHandle(started)
        // With the SQLSTATE in the text: libpq has no other way to tell it of a failed connection.
        PQsetErrorVerbosity(started, PQERRORS_VERBOSE)
        guard PQstatus(started) != CONNECTION_BAD else { throw handle.connectFailure() }
        try handle.finishConnecting(within: configuration.connectTimeout)
        PQsetErrorVerbosity(started, PQERRORS_DEFAULT)
        // Notices would go to stderr: nobody reads them there.
        PQsetNoticeProcessor(started, { _, _ in }, nil)
        return handle
    }

    deinit {
        PQfinish(connection)
    }

    private func finishConnecting(within limit: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + limit
        var waitsFor = PGRES_POLLING_WRITING
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else {
                throw PostgresError(.cannotConnect, "no answer from \(peer) within \(limit)")
            }
            var descriptor = pollfd(
                fd: PQsocket(connection), events: Int16(waitsFor == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                revents: 0)
            if poll(&descriptor, 1, Int32(min(left.rounded(.up), 60_000))) <= 0 { continue }
            waitsFor = PQconnectPoll(connection)
            if waitsFor == PGRES_POLLING_OK { return }
            if waitsFor == PGRES_POLLING_FAILED { throw connectFailure() }
        }
    }

    private var peer: String {
        PQhost(connection).map { String(cString: $0) } ?? "the server"
    }

    private func connectFailure() -> PostgresError {
        let message = lastMessage
        return PostgresError(.cannotConnect, message, sqlState: Self.sqlState(inVerbose: message))
    }

    /// The code in `FATAL:  57P03: the database system is starting up`.
    static func sqlState(inVerbose message: String) -> String? {
        for part in message.split(separator: ":") {
            let word = part.drop { $0 == " " }
            if word.utf8.count == 5, part.hasPrefix("  "),
                word.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) })
            {
                return String(word)
            }
        }
        return nil
    }

    private var lastMessage: String {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        return text.last == "\n" ? String(text.dropLast()) : text
    }

    /// Whether the connection still works as far as is known without asking the server.
    var isHealthy: Bool { PQstatus(connection) == CONNECTION_OK }

    /// Whether a transaction is open, failed or not.
    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

    /// Whether an idle connection still has its server. One that has anything to say has bad news: it is ending, or
    /// its settings changed.
    func isAlive() -> Bool {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 0 && isHealthy
    }

    func makeCanceller() -> Canceller { Canceller(PQgetCancel(connection)) }

    /// Runs statements separated by semicolons, without parameters.
    func run(script: String) throws(PostgresError) -> ResultHandle {
        try checked(PQexec(connection, script), statement: script)
    }

    /// Prepares `text` under `name`.
    func prepare(_ name: String, text: String, types: [UInt32]) throws(PostgresError) {
        _ = try checked(PQprepare(connection, name, text, Int32(types.count), types), statement: text)
    }

    /// Runs what was prepared under `name`; parameters and result are binary.
    func execute(_ name: String, _ parameters: [PostgresParameter], text: String) throws(PostgresError) -> ResultHandle
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        var starts: [Int?] = []
        for parameter in parameters {
            starts.append(parameter.bytes == nil ? nil : bytes.count)
            bytes += parameter.bytes ?? []
        }
        // An empty value needs an address too: NULL is a parameter without one.
        bytes.append(0)
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        let result = bytes.withUnsafeBytes { buffer in
            let base = buffer.bindMemory(to: CChar.self).baseAddress
            let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return PQexecPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        return try checked(result, statement: text)
    }

    private func checked(_ result: OpaquePointer?, statement: String) throws(PostgresError) -> ResultHandle {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            guard let result else { break }
            return ResultHandle(result)
        default: break
        }
        defer { PQclear(result) }
        func field(_ code: Character) -> String? {
            clibpq_result_field(result, CChar(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        var error = PostgresError(
            isHealthy ? .statement : .connectionLost, field("M") ?? lastMessage, sqlState: field("C"))
        error.constraint = field("n")
        error.detail = [field("D"), field("H")].compactMap(\.self).joined(separator: "; ")
        if error.detail?.isEmpty == true { error.detail = nil }
        error.statement = statement
        throw error
    }

    // MARK: Notifications

    /// Waits until the server sent something, `wake` is readable, or `milliseconds` have passed.
    func awaitInput(orWake wake: Int32, milliseconds: Int32) -> Bool {
        var descriptors = [
            pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&descriptors, 2, milliseconds)
        return descriptors[1].revents == 0
    }

    /// The payloads that arrived, oldest first.
    func takeNotifications() throws(PostgresError) -> [String] {
        guard PQconsumeInput(connection) == 1, isHealthy else { throw PostgresError(.connectionLost, lastMessage) }
        var payloads: [String] = []
        while let notification = PQnotifies(connection) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }
}

/// Cancels the statement that a connection runs, from any thread.
final class Canceller: @unchecked Sendable {
    // A PGcancel never changes after PQgetCancel, and is used only under the mutex.
    private let handle: OpaquePointer?
    /// The number of the statement that runs; nil between statements.
    private let running = Mutex<UInt64?>(nil)

    fileprivate init(_ handle: OpaquePointer?) {
        self.handle = handle
    }

    deinit {
        PQfreeCancel(handle)
    }

    func began(_ statement: UInt64) {
        running.withLock { $0 = statement }
    }

    /// Waits for a cancellation under way, so that it cannot hit the next statement.
    func ended() {
        running.withLock { $0 = nil }
    }

    /// Asks the server to cancel `statement`, again and again while it runs: the server forgets a request that comes
    /// between the preparation of a statement and its execution.
    func cancel(_ statement: UInt64) {
        DispatchQueue.global().async { [self] in
            let isRunning = running.withLock { running in
                guard running == statement else { return false }
                var text = [CChar](repeating: 0, count: 256)
                _ = PQcancel(handle, &text, Int32(text.count))
                return true
            }
            guard isRunning else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) { self.cancel(statement) }
        }
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { buffer in
        // The array holds at least the terminator, so that it has an address.
        body(buffer.baseAddress.unsafelyUnwrapped)
    }
}
