import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import API

/// Requests that come drop by drop.
struct RequestDeadlinesTests {
    private let head = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "https", authority: "x", path: "/"))
    private let drop = HTTPRequestPart.body(ByteBuffer(string: "."))
    private let answer = HTTPResponsePart.head(HTTPResponse(status: .ok))

    /// A connection with ten seconds for a head and five for a body.
    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: RequestDeadlines(head: .seconds(10), body: .seconds(5)))
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    @Test func aHeadThatDoesNotComeIsNotWaitedFor() throws {
        let channel = try connection()
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func aBodyInDropsHasOneDeadlineForAll() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        for _ in 0..<4 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(drop)
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func anAnswerBeforeTheEndDoesNotLengthenTheBody() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        try channel.writeOutbound(answer)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(!channel.isActive)
    }

    @Test func anAnswerMayTakeItsTimeAndTheNextHeadHasItsOwn() throws {
        let channel = try connection()
        for _ in 0..<2 {
            try channel.writeInbound(head)
            try channel.writeInbound(HTTPRequestPart.end(nil))
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(channel.isActive)
            try channel.writeOutbound(answer)
            try channel.writeOutbound(HTTPResponsePart.end(nil))
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func requestsInARowAreCounted() throws {
        let channel = try connection()
        for _ in 0..<2 {
            try channel.writeInbound(head)
            try channel.writeInbound(HTTPRequestPart.end(nil))
        }
        try channel.writeOutbound(answer)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive, "one answer is still due")
    }
}
