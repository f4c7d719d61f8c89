import Model
import Testing

@testable import FrameCodec

@Suite struct DecodingLimitsTests {
    private let header: [UInt8]

    init() throws {
        let agent = try #require(AgentID("000102030405060708090a0b0c0d0e0f"))
        var writer = ByteWriter()
        BatchHeader(agent: agent, epoch: 1, sequence: 5, madeAt: CodecScene.start).encode(into: &writer)
        header = writer.bytes
    }

    private func code(of body: [UInt8], limits: CodecLimits = CodecLimits()) -> CodecError.Code? {
        do throws(CodecError) {
            _ = try Batch.decode(body, limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    private func item(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(kind)
        writer.varint(payload.count)
        writer.raw(payload)
        return writer.bytes
    }

    @Test func aBatchWithoutItemsIsOne() {
        #expect(code(of: header) == nil)
    }

    @Test func refusesOtherBytesAndOtherVersions() {
        #expect(code(of: []) == .truncated)
        #expect(code(of: Array("{\"json\":1}, and more than twenty bytes".utf8)) == .badMagic)
        var future = header
        future[3] = 2
        #expect(code(of: future) == .unsupported)
        #expect(code(of: Array(header.dropLast())) == .truncated)
    }

    @Test func unknownItemsAreRefusedUnlessTheyMayBePassedOver() {
        #expect(code(of: header + item(99, [1, 2])) == .unsupported)
        #expect(code(of: header + item(200, [1, 2])) == nil)
    }

    @Test func countsAreCheckedBeforeAnythingIsAllocated() {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        let none = [UInt8](repeating: 0, count: 32)
        // A layout's parent sizes, families, series; a keyframe's series, runs; a frame's runs, bitmap; a text.
        for payload in [[0] + none + huge, [0] + none + [0, 0] + huge, [0] + none + [0, 0, 0] + huge] as [[UInt8]] {
            #expect(code(of: header + item(2, payload)) != nil)
        }
        for payload in [[0, 0] + none + huge, [0, 0] + none + [100] + huge, [0, 0] + none + [100, 1, 0] + huge]
            as [[UInt8]]
        {
            #expect(code(of: header + item(3, payload)) != nil)
        }
        for payload in [[0, 0, 1] + huge, [0, 0, 1, 1, 0] + huge, [0, 0, 1, 0, 0] + huge] as [[UInt8]] {
            #expect(code(of: header + item(4, payload)) != nil)
        }
        #expect(code(of: header + item(1, [0, 1, 0, 5] + huge)) != nil)
        #expect(code(of: header + [3] + huge) == .truncated)
    }

    @Test func refusesMoreThanTheLimits() throws {
        var limits = CodecLimits()
        limits.series = 3
        limits.items = 2
        limits.sources = 1
        var scene = CodecScene()
        let body = try scene.batch { CodecScene.write(&$0, tick: 1) }
        #expect(code(of: body, limits: limits) == .tooLarge)
        #expect(code(of: header + item(200, []) + item(200, []) + item(200, []), limits: limits) == .tooLarge)
        #expect(code(of: header + item(5, [1]), limits: limits) == .tooLarge)
        limits.bodyBytes = 10
        #expect(code(of: header, limits: limits) == .tooLarge)
    }

    @Test func aFrameCannotNameAKeyframeBeforeTheFirstBatch() {
        #expect(code(of: header + item(4, [0, 0, 5, 0, 0, 0])) == .malformed)
        #expect(code(of: header + item(4, [0, 0, 4, 0, 0, 0])) == nil)
    }

    @Test func namesMustBeNamesAndLabelsSorted() throws {
        func layout(_ labels: [(String, String)]) -> [UInt8] {
            var writer = ByteWriter()
            writer.varint(0)
            writer.raw(LayoutHash.none.bytes)
            writer.raw([0, 0, 1, 2])
            writer.text("a")
            writer.text("")
            writer.raw([1, 0])
            writer.varint(labels.count)
            for (name, value) in labels {
                writer.text(name)
                writer.text(value)
            }
            return header + item(2, writer.bytes)
        }
        #expect(code(of: layout([("__name__", "a"), ("x", "1")])) == nil)
        for labels in [
            [("x", "1")], [("__name__", "a b")], [("__name__", "a"), ("x-y", "1")], [("__name__", "a"), ("x", "")],
            [("x", "1"), ("__name__", "a")], [("__name__", "a"), ("x", "1"), ("x", "2")], [],
        ] {
            #expect(code(of: layout(labels)) != nil, "\(labels)")
        }
    }

    @Test func decompressionIsBoundedBeforeItBegins() throws {
        let bomb = try Compression.compress([UInt8](repeating: 0, count: 32 << 20))
        #expect(bomb.count < 10_000)
        let error = #expect(throws: CodecError.self) { try Compression.decompress(bomb, limit: 8 << 20) }
        #expect(error?.code == .tooLarge)
        // A frame that claims little and holds much.
        var liar = try Compression.compress([UInt8](repeating: 1, count: 300))
        try #require(liar[5] == 44 && liar[6] == 0)
        liar[5] = 1
        #expect(throws: CodecError.self) { try Compression.decompress(liar, limit: 8 << 20) }
        for cut in 0..<bomb.count where cut % 50 == 0 {
            #expect(throws: CodecError.self) { try Compression.decompress(Array(bomb.prefix(cut)), limit: 64 << 20) }
        }
        #expect(throws: CodecError.self) { try Compression.decompress(bomb + [0], limit: 64 << 20) }
        #expect(try Compression.decompress(try Compression.compress([]), limit: 0) == [])
    }
}
