internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL

/// A connection under TLS whose context is asked for when it opens. Hummingbird's own TLSChannel keeps one for ever.
struct ReloadingTLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    let base: Base
    let certificate: ServingCertificate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let handler = NIOSSLServerHandler(context: certificate.context)
            try channel.pipeline.syncOperations.addHandler(handler)
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

extension ServerChildChannel {
    /// The same connection under TLS.
    func secured(by certificate: ServingCertificate) -> any ServerChildChannel {
        ReloadingTLSChannel(base: self, certificate: certificate)
    }
}
