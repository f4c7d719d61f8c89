internal import CZstd

/// zstd (RFC 8878), one frame a body.
public enum Compression {
    /// Good for bodies of a kilobyte: the next levels cost several times as much for one byte in a hundred.
    public static let level: Int32 = 12

    /// `bytes` as one zstd frame that tells its content's size.
    public static func compress(_ bytes: [UInt8], level: Int32 = level) throws(CodecError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let size = result.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                ZSTD_compress(target.baseAddress, target.count, source.baseAddress, source.count, level)
            }
        }
        guard ZSTD_isError(size) == 0 else { throw CodecError(.compression, "zstd: \(words(size))") }
        result.removeLast(result.count - size)
        return result
    }

    /// The content of one zstd frame, which must tell its size.
    ///
    /// - Throws: `.tooLarge` if that is more than `limit` bytes, before anything is decompressed; `.compression` for
    ///   anything else that is not one whole frame.
    public static func decompress(_ bytes: [UInt8], limit: Int) throws(CodecError) -> [UInt8] {
        let claimed = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        // The macros ZSTD_CONTENTSIZE_UNKNOWN and _ERROR, which are −1 and −2.
        guard claimed < UInt64.max - 1 else { throw CodecError(.compression, "no zstd frame that tells its size") }
        guard claimed <= UInt64(limit) else {
            throw CodecError(.tooLarge, "\(claimed) bytes decompressed; the limit is \(limit)")
        }
        var result = [UInt8](repeating: 0, count: Int(claimed))
        let size = result.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                ZSTD_decompress(target.baseAddress, target.count, source.baseAddress, source.count)
            }
        }
        guard ZSTD_isError(size) == 0 else { throw CodecError(.compression, "zstd: \(words(size))") }
        guard size == result.count else { throw CodecError(.compression, "zstd: shorter than it claims") }
        return result
    }

    private static func words(_ code: Int) -> String {
        ZSTD_getErrorName(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
