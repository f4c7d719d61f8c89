import FrameCodec
import Glibc
import Model
import Spool
import Testing

/// A directory that goes when the test ends.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/etcd-monitor-spool-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { Self.remove(path) }

    static func remove(_ path: String) {
        if let stream = opendir(path) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(stream)
        }
        rmdir(path)
    }

    static func content(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 22)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return bytes
    }

    static func write(_ bytes: some Collection<UInt8>, to path: String) {
        guard let file = fopen(path, "w") else { return }
        fwrite(Array(bytes), 1, bytes.count, file)
        fclose(file)
    }
}

/// Bytes that tell which batch they are, so that no other can pass for it.
func body(_ sequence: UInt64, bytes: Int = 40) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: sequence &* 131 &+ UInt64($0) &* 7) }
}

extension Spool {
    /// Appends the next batch, with a body that tells its sequence.
    @discardableResult
    func appendNext(bytes: Int = 40, sync: Bool = false) throws -> BatchSlot {
        let slot = nextSlot
        try append(
            EncodedBatch(
                slot: slot, madeAt: Timestamp(milliseconds: Int64(slot.sequence) * 5000),
                body: body(slot.sequence, bytes: bytes), uncompressedBytes: bytes), sync: sync)
        return slot
    }

    /// Everything that `lane` has to send, acknowledged as it is read if so wanted.
    func drain(_ lane: Lane, acknowledging: Bool = true) -> [SpoolRecord] {
        var records: [SpoolRecord] = []
        while let record = next(lane, after: records.last?.position) {
            if acknowledging { acknowledge(record.position) }
            records.append(record)
        }
        return records
    }
}
