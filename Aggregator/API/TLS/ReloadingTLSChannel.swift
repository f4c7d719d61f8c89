internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// A connection under TLS that speaks HTTP/2 or HTTP/1.1, as its client wishes (ALPN). The context is asked for when it
/// opens; Hummingbird's own channels keep one for ever.
struct ReloadingTLSChannel: ServerChildChannel {
    /// What the handshake led to.
    enum Negotiated: Sendable {
        case http1(HTTP1Channel.Value)
        case http2(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let negotiated: EventLoopFuture<Negotiated>
    }

    /// How long a connection may take or do nothing.
    struct Patience: Sendable {
        /// Until TLS stands.
        var handshake = Duration.seconds(10)
        /// Between requests, and between the parts of one; also until the head of a request is complete.
        var idle = Duration.seconds(75)
        /// From the end of a request's head to the end of its body. Agents give up after 10 s.
        var body = Duration.seconds(35)
        /// From the server's goodbye to the end of what is under way.
        var goodbye = Duration.seconds(10)
    }

    private let certificate: ServingCertificate
    private let patience: Patience
    private let census: ConnectionCensus
    private let http1: HTTP1Channel
    private let http2: HTTP2Channel

    init(
        certificate: ServingCertificate, patience: Patience, census: ConnectionCensus,
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        self.certificate = certificate
        self.patience = patience
        self.census = census
        let (head, body) = (TimeAmount(patience.idle), TimeAmount(patience.body))
        http1 = HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestDeadlines(head: head, body: body)], idleTimeout: head))
        // NIO's own bounds: 100 streams at once, 16 KiB of headers, and a close for floods of control frames.
        http2 = HTTP2Channel(
            responder: responder,
            configuration: HTTP2ChannelConfiguration(
                idleTimeout: patience.idle, gracefulCloseTimeout: patience.goodbye,
                streamConfiguration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [StreamPresence(), RequestDeadlines(head: head, body: body)],
                    idleTimeout: head)))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let address = channel.remoteAddress?.ipAddress ?? ""
        guard census.enter(address) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        channel.closeFuture.whenComplete { [census] _ in census.leave(address) }
        return channel.eventLoop.makeCompletedFuture {
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result, channel in
                switch result {
                case .negotiated("h2"):
                    http2.setup(channel: channel, logger: logger).map { .http2($0) }
                case .negotiated, .fallback:
                    http1.setup(channel: channel, logger: logger).map { .http1($0) }
                }
            }
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLServerHandler(context: certificate.context), ConnectionDeadlines(patience), negotiation,
            ])
            return Value(channel: channel, negotiated: negotiation.protocolNegotiationResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http1(let connection): await http1.handle(value: connection, logger: logger)
            case .http2(let connection): await http2.handle(value: connection, logger: logger)
            }
        } catch {
            logger.debug("a connection came to no protocol", metadata: ["error": "\(error)"])
        }
    }
}

/// The connection's address has as many as it may have.
private struct TooManyConnections: Error {}

extension HTTPServerBuilder {
    /// A server of HTTP/2 and HTTP/1.1 under TLS.
    static func secured(
        by certificate: ServingCertificate, patience: ReloadingTLSChannel.Patience = ReloadingTLSChannel.Patience(),
        census: ConnectionCensus
    ) -> HTTPServerBuilder {
        HTTPServerBuilder {
            ReloadingTLSChannel(certificate: certificate, patience: patience, census: census, responder: $0)
        }
    }
}
