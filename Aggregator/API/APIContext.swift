internal import Access
internal import Hummingbird
internal import NIOCore

/// What is known of a request besides itself.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's address without port, "" if it has none.
    let peer: String
    /// Who asks, once the gate has recognised them.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// Whether the request came from this host itself.
    var isFromLoopback: Bool {
        peer == "::1" || peer.hasPrefix("127.") || peer.hasPrefix("::ffff:127.")
    }

    /// Who asks; only for routes that the gate does not leave open.
    func requirePrincipal() throws -> Principal {
        guard let principal else { throw APIError.unauthenticated("sign in, or send an API token") }
        return principal
    }
}
