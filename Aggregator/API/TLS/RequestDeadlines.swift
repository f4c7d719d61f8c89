internal import NIOCore
internal import NIOHTTPTypes

/// Closes who does not come to the end of a request: neither a head nor a body may trickle in for ever, and every byte
/// in time does not count as patience. In the pipeline of each HTTP/1.1 connection and each stream of HTTP/2.
final class RequestDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let head: TimeAmount
    private let body: TimeAmount
    private var unanswered = 0
    private var isReading = false
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - head: from the connection, or the end of an answer, to the end of the next head.
    ///   - body: from there to the end of the body.
    init(head: TimeAmount, body: TimeAmount) {
        self.head = head
        self.body = body
    }

    func handlerAdded(context: ChannelHandlerContext) { close(context.channel, after: head) }
    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isReading = true
            close(context.channel, after: body)
        case .body:
            break
        case .end:
            isReading = false
            deadline?.cancel()
            // The answer may have been quicker.
            if unanswered == 0 { close(context.channel, after: head) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered == 0, !isReading { close(context.channel, after: head) }
        }
        context.write(data, promise: promise)
    }

    private func close(_ channel: any Channel, after wait: TimeAmount) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: wait) { channel.close(promise: nil) }
    }
}
