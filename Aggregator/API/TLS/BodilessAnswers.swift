internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// Lets the head of an answer that never has a body end its stream. NIO sends an empty DATA frame for that, in a TLS
/// record of its own: 31 bytes more for each batch of each agent.
final class BodilessAnswers: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private static let bodiless: Set<String> = ["204", "304"]
    private var hasEnded = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .headers(var head) where head.headers.first(name: ":status").map(Self.bodiless.contains) ?? false:
            head.endStream = true
            hasEnded = true
            context.write(wrapOutboundOut(.headers(head)), promise: promise)
        case .data where hasEnded:
            promise?.succeed(())
        default:
            context.write(data, promise: promise)
        }
    }
}
