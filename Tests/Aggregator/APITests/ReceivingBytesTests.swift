import Hummingbird
import NIOCore
import Testing

@testable import API

struct ReceivingBytesTests {
    @Test func anAddressHasAQuarterAndGivesItBack() {
        let bytes = ReceivingBytes(limit: 400)
        var first: ReceivingBytes.Share? = bytes.share(of: "192.0.2.1")
        #expect(first?.take(90) == true)
        let second = bytes.share(of: "192.0.2.1")
        #expect(!second.take(11))
        #expect(second.take(10))
        let others = (2...5).map { bytes.share(of: "192.0.2.\($0)") }
        #expect(others.map { $0.take(100) } == [true, true, true, false])
        first = nil
        #expect(bytes.total == 310)
        #expect(second.take(90))
    }

    @Test func aBodyThatDoesNotEndIsRefused() async throws {
        let (parts, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        source.yield(ByteBuffer(string: "."))
        let body = RequestBody(asyncSequence: parts)
        let error = await #expect(throws: APIError.self) {
            _ = try await body.bytes(upTo: 10, within: .milliseconds(20))
        }
        #expect(error?.status == .requestTimeout)
    }
}
