import FrameCodec
import Testing

@testable import BlockCodec

@Suite struct BlockFuzzTests {
    /// Contents of blocks, decompressed, so that mutations reach the decoder.
    private static func seeds() throws -> [[UInt8]] {
        var generator = SeededGenerator(seed: 3)
        return try (0..<12).map { _ in
            let rows = Int.random(in: 1...60, using: &generator)
            let columns = (0..<12).map { _ in RandomSeries.make(rows: rows, &generator) }
            let block = try BlockCodecTests.encode((0..<rows).map { Int64($0) * 5000 }, columns)
            return try Compression.decompress(block, limit: BlockLimits.contentBytes)
        }
    }

    private static func mutate(_ content: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = content
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let at = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: at)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
            case 4: bytes.removeLast(bytes.count - at)
            default: bytes[at] = [0, 0x7f, 0x80, 0xff][Int.random(in: 0..<4, using: &generator)]
            }
        }
        return bytes
    }

    @Test("a quarter of a million mutated blocks give columns or an error", arguments: 0..<4)
    func mutations(part: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(1000 + part))
        let seeds = try Self.seeds()
        var read = 0
        for round in 0..<250_000 {
            // A small machine's two threads are for the other tests too, which have deadlines.
            if round % 256 == 255 { await Task.yield() }
            let content = Self.mutate(seeds[round % seeds.count], &generator)
            do throws(CodecError) {
                let block = try Block(content: content)
                read += 1
                let columns = block.columns(Array(0..<min(block.series, 20)))
                for column in columns where column.count != block.timestamps.count { Issue.record("a short column") }
            } catch {
                continue
            }
        }
        // Some mutations only change values: else the decoder was never reached.
        #expect(read > 1000)
    }

    @Test func whatIsNotZstdIsRefused() {
        #expect(throws: CodecError.self) { try Block(decoding: []) }
        #expect(throws: CodecError.self) { try Block(decoding: [1, 2, 3, 4]) }
    }

    @Test func aNewerVersionIsNamed() throws {
        var content = try #require(try Self.seeds().first)
        content[0] = 2
        do throws(CodecError) {
            _ = try Block(content: content)
            Issue.record("was read")
        } catch {
            #expect(error.code == .unsupported)
        }
    }
}
