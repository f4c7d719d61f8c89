internal import Glibc
internal import Logging

/// What a listener is told.
public enum PostgresNotification: Hashable, Sendable {
    /// The server listens from now on: whatever was sent before may have been missed, so look yourself.
    case listening
    /// Someone sent this payload.
    case received(String)
}

extension PostgresConnection {
    /// Sends `payloads` (at most 8000 bytes each) to those who listen to `channel`: within a transaction, once it is
    /// committed.
    public func notify(_ channel: String, _ payloads: [String]) async throws {
        try await query("select count(pg_notify(\(channel), p)) as sent from unnest(\(payloads)) as p")
    }
}

extension PostgresPool {
    /// Calls `body` for what arrives on `channel`, until the task is cancelled. Reconnects by itself.
    ///
    /// Uses a connection of its own, beside those of the pool.
    public func listen(
        to channel: String, isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresNotification) async throws -> Void
    ) async throws {
        var pause = Duration.milliseconds(100)
        while true {
            try Task.checkCancellation()
            let connection = PostgresConnection(configuration, logger: logger)
            do {
                try await connection.open()
                try await connection.execute(script: "listen \"\(Self.quoted(channel))\"")
                pause = .milliseconds(100)
                try await body(.listening)
                try await forward(from: connection, to: body)
            } catch let error as PostgresError where error.isTransient {
                logger.debug("listening was interrupted", metadata: ["error": "\(error.debugDescription)"])
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// Sends `payload` (at most 8000 bytes) to those who listen to `channel`, outside any transaction.
    public func notify(_ channel: String, _ payload: String = "") async throws {
        try await query("select pg_notify(\(channel), \(payload))::text as sent")
    }

    private func forward(
        from connection: PostgresConnection, isolation: isolated (any Actor)? = #isolation,
        to body: (PostgresNotification) async throws -> Void
    ) async throws {
        let waker = try Waker()
        while true {
            try Task.checkCancellation()
            let payloads = try await withTaskCancellationHandler {
                try await connection.notifications(wake: waker.descriptor, milliseconds: 30_000)
            } onCancel: {
                waker.wake()
            }
            for payload in payloads { try await body(.received(payload)) }
        }
    }

    private static func quoted(_ name: String) -> String {
        name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    }
}

/// A pipe that ends a `poll`.
private final class Waker: Sendable {
    /// Readable once `wake` was called.
    let descriptor: Int32
    private let writer: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresError(.cannotConnect, "pipe failed with errno \(errno)")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writer) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    func wake() {
        var byte: UInt8 = 0
        // A full pipe is readable already, so that a failed write changes nothing.
        _ = write(writer, &byte, 1)
    }
}
