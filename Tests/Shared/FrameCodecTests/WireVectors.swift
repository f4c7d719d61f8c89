import Glibc
import Testing

/// Tests/Fixtures/wire/vectors.txt: lines of `name value`, where the value is hex or text; `#` begins a comment.
struct WireVectors {
    private var values: [String: String] = [:]

    init() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let file = try #require(fopen(root + "/Fixtures/wire/vectors.txt", "r"), "the vectors are missing")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 1)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    func text(_ name: String) throws -> String { try #require(values[name], "no vector \(name)") }

    func bytes(_ name: String) throws -> [UInt8] {
        let digits = Array(try text(name).utf8.filter { $0 != UInt8(ascii: " ") })
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
