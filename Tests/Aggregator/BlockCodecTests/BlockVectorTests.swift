import Glibc
import Model
import Testing

@testable import BlockCodec

/// The bytes that docs/storage.md draws: what is written today must be read for years.
@Suite struct BlockVectorTests {
    struct Vector: Sendable {
        var name: String
        var timestamps: [Int64]
        var columns: [[Double]]
    }

    static let vectors = [
        Vector(
            name: "example", timestamps: [1_763_970_000_000, 1_763_970_005_000, 1_763_970_010_000],
            columns: [[3, 3, 4], [5, 6, 7], [0.5, 0.75, 1]]),
        Vector(
            name: "kinds", timestamps: (0..<12).map { 1_763_970_000_000 + 5000 * $0 + ($0 == 7 ? 3 : 0) },
            columns: BlockCodecTests.kinds.sorted { $0.key < $1.key }.map(\.value)),
        Vector(name: "one row", timestamps: [-1], columns: [[7], [.stale], [0.1]]),
        Vector(name: "no series", timestamps: [0, 1, 2, 10], columns: []),
    ]

    private static let path =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Fixtures/blocks/vectors.txt"

    /// Lines of a name, a colon and the content in hex.
    private static func recorded() throws -> [String: [UInt8]] {
        let file = try #require(fopen(path, "r"), "\(path) is missing")
        defer { fclose(file) }
        var text: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { text.append(UInt8(byte)) }
        var result: [String: [UInt8]] = [:]
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: ":")
            let hex = Array(parts[1].utf8.filter { $0 != UInt8(ascii: " ") })
            result[String(parts[0])] = stride(from: 0, to: hex.count, by: 2).compactMap {
                UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16)
            }
        }
        return result
    }

    @Test("the recorded bytes are written, and read", arguments: vectors.indices)
    func vector(number: Int) throws {
        let vector = Self.vectors[number]
        var encoder = BlockEncoder(timestamps: vector.timestamps)
        for column in vector.columns { encoder.append(column) }
        let recorded = try #require(try Self.recorded()[vector.name])
        #expect(encoder.content == recorded)
        let block = try Block(content: recorded)
        #expect(block.timestamps == vector.timestamps)
        #expect(
            BlockCodecTests.bits(block.columns(Array(vector.columns.indices))) == BlockCodecTests.bits(vector.columns))
    }
}
