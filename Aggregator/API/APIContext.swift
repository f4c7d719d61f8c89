internal import Access
internal import Glibc
internal import Hummingbird
internal import NIOCore

/// What is known of a request besides itself.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's address without port, "" if it has none.
    let peer: String
    /// The connection, or the stream of one.
    private let channel: any Channel
    /// Who asks, once the gate has recognised them.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? ""
        channel = source.channel
    }

    /// Whether the request came from this host itself.
    var isFromLoopback: Bool {
        peer == "::1" || peer.hasPrefix("127.") || peer.hasPrefix("::ffff:127.")
    }

    /// What `work` gives; it is cancelled when the client goes away meanwhile.
    ///
    /// - Throws: `CancellationError` if `work` does not tell by itself that it was.
    func whileConnected<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
        // Routes without a network, as tests have them.
        guard channel.isActive else { return try await work() }
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                // A callback of the connection's end would stay until then, one for each request.
                while await isConnected { try await Task.sleep(for: .milliseconds(200)) }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw CancellationError() }
            return value
        }
    }

    private var isConnected: Bool {
        get async {
            guard channel.isActive else { return false }
            // Over HTTP/1.1 nothing is read while a request is answered, so NIO does not see the client's FIN: the kernel
            // has. A stream of HTTP/2 has no socket, and its connection reads all the time.
            guard let socket = channel as? any SocketOptionProvider else { return true }
            guard let state = try? await socket.getTCPInfo().get().tcpi_state else { return false }
            return state == Self.established
        }
    }

    /// `TCP_ESTABLISHED` of the kernel's `tcp_states.h`.
    private static let established: UInt8 = 1

    /// Who asks; only for routes that the gate does not leave open.
    func requirePrincipal() throws -> Principal {
        guard let principal else { throw APIError.unauthenticated("sign in, or send an API token") }
        return principal
    }
}
