internal import NIOCore
internal import NIOTLS

/// Closes a connection whose handshake does not end, and one of HTTP/2 that has had no stream for too long. At shutdown closes one without streams at once, one with streams
/// after the last of them or when patience ends.
///
/// HTTP/2's own goodbye waits until the client has answered a ping. A client that has nothing to ask may not be reading:
/// libcurl is not, between two batches of an agent.
final class ConnectionDeadlines: ChannelInboundHandler {
    typealias InboundIn = Any

    private let patience: ReloadingTLSChannel.Patience
    private var isHTTP1 = false
    private var isEnding = false
    private var streams = 0
    private var deadline: Scheduled<Void>?

    init(_ patience: ReloadingTLSChannel.Patience) {
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        close(context.channel, after: patience.handshake)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let chosen) = event {
            deadline?.cancel()
            isHTTP1 = chosen != "h2"
            if !isHTTP1 { close(context.channel, after: patience.idle + patience.goodbye) }
        }
        context.fireUserInboundEventTriggered(event)
        if event is ChannelShouldQuiesceEvent {
            // By now HTTP/2 has said goodbye. HTTP/1.1 closes by itself what has no request under way.
            isEnding = true
            close(context.channel, after: isHTTP1 || streams > 0 ? patience.goodbye : .zero)
        }
    }

    func streamOpened() {
        streams += 1
        if !isEnding { deadline?.cancel() }
    }

    func streamClosed(_ channel: any Channel) {
        streams -= 1
        guard streams == 0 else { return }
        // The goodbye to an idle connection has its time, then it has to do without the client.
        close(channel, after: isEnding ? .zero : patience.idle + patience.goodbye)
    }

    private func close(_ channel: any Channel, after wait: Duration) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: TimeAmount(wait)) { channel.close(promise: nil) }
    }
}

/// Tells the connection that a stream is there, and keeps its answer short. In each stream's pipeline, on the event loop
/// of its connection.
final class StreamPresence: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private var connection: (channel: any Channel, deadlines: ConnectionDeadlines)?

    func handlerAdded(context: ChannelHandlerContext) {
        // Where frames are still frames. Into a pipeline that is being torn down it need not come.
        try? context.channel.pipeline.syncOperations.addHandler(BodilessAnswers(), position: .first)
        guard let channel = context.channel.parent,
            // A connection that has lost its handlers is closing: there is nobody to tell.
            let deadlines = try? channel.pipeline.syncOperations.handler(type: ConnectionDeadlines.self)
        else { return }
        connection = (channel, deadlines)
        deadlines.streamOpened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if let connection { connection.deadlines.streamClosed(connection.channel) }
        connection = nil
    }
}
