internal import CSnappy

/// Snappy's block format, as remote-write uses it. The only place that calls libsnappy.
enum Snappy {
    /// The content of one block.
    ///
    /// - Throws: `.tooLarge` if it says that it holds more than `limit` bytes, before anything is decompressed;
    ///   `.malformed` for anything that is not one whole block.
    static func decompress(_ bytes: [UInt8], limit: Int) throws(RemoteWriteError) -> [UInt8] {
        let claimed = bytes.withUnsafeBytes { source -> Int? in
            let input = source.assumingMemoryBound(to: CChar.self)
            var size = 0
            guard let start = input.baseAddress else { return nil }
            return snappy_uncompressed_length(start, input.count, &size) == SNAPPY_OK ? size : nil
        }
        guard let claimed else { throw RemoteWriteError(.malformed, "the body is no snappy block") }
        guard claimed <= limit else {
            throw RemoteWriteError(.tooLarge, "\(claimed) bytes decompressed; the limit is \(limit)")
        }
        // Each byte stands for at most 64: so much is not claimed in earnest of so little.
        guard claimed <= bytes.count * 64 else {
            throw RemoteWriteError(.malformed, "\(bytes.count) bytes cannot hold \(claimed)")
        }
        // One byte at least, so that there is an address to write nothing to.
        var content = [UInt8](repeating: 0, count: max(1, claimed))
        let isWhole = content.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                let (input, output) = (
                    source.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self)
                )
                var size = output.count
                return snappy_uncompress(input.baseAddress, input.count, output.baseAddress, &size) == SNAPPY_OK
            }
        }
        guard isWhole else { throw RemoteWriteError(.malformed, "the body is no snappy block") }
        content.removeLast(content.count - claimed)
        return content
    }

    /// `bytes` as one block.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var size = snappy_max_compressed_length(bytes.count)
        var block = [UInt8](repeating: 0, count: size)
        block.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                // It fails only if the target is too small, and this one is as large as it can get.
                _ = snappy_compress(
                    source.assumingMemoryBound(to: CChar.self).baseAddress, source.count,
                    target.assumingMemoryBound(to: CChar.self).baseAddress, &size)
            }
        }
        block.removeLast(block.count - size)
        return block
    }
}
