import Glibc
import Testing

@testable import DurableFiles

/// A fresh directory for each test.
final class Scene {
    let path: String
    init() throws {
        var template = Array("/tmp/etcd-monitor-files-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }
    deinit {
        for name in (try? Directory.entries(path)) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

@Suite struct DurableFilesTests {
    let scene: Scene
    init() throws { scene = try Scene() }

    @Test func replacesAFileWholeAndWithTheModeAskedFor() throws {
        let path = scene.path + "/key"
        try AtomicFile.write([1, 2, 3], to: path)
        try AtomicFile.write([4], to: path, mode: 0o640)
        #expect(try AtomicFile.read(path) == [4])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
        #expect(try Directory.entries(scene.path) == ["key"])
    }

    @Test func aReplacementThatFailsLeavesTheOldContent() throws {
        let path = scene.path + "/key"
        try AtomicFile.write([1], to: path)
        #expect { try AtomicFile.write([2], to: scene.path + "/missing/key") } throws: {
            ($0 as? FileError)?.code == .notFound
        }
        #expect(try AtomicFile.read(path) == [1])
    }

    @Test func readsTheKernelsFilesWhoseSizeIsNotTold() throws {
        #expect(try AtomicFile.read("/proc/self/comm", limit: 64).count > 1)
    }

    @Test func refusesToReadMoreThanAllowed() throws {
        let path = scene.path + "/large"
        try AtomicFile.write([UInt8](repeating: 7, count: 100), to: path)
        #expect(try AtomicFile.read(path, limit: 100).count == 100)
        #expect { try AtomicFile.read(path, limit: 99) } throws: { ($0 as? FileError)?.code == .tooLarge }
    }

    @Test func errorsSayWhatWasTriedAndWhyButShowThePathOnlyToUs() throws {
        let error = #expect(throws: FileError.self) { try AtomicFile.read(scene.path + "/none") }
        #expect(error?.description == "open: No such file or directory")
        #expect(error?.debugDescription == "open \(scene.path)/none: No such file or directory")
    }

    @Test func oneHolderOfALockAtATime() throws {
        let path = scene.path + "/lock"
        do {
            let first = try FileLock(path)
            #expect { _ = try FileLock(path) } throws: { ($0 as? FileError)?.code == .locked }
            _ = consume first
        }
        _ = try FileLock(path)
    }

    @Test func makesMissingParents() throws {
        let path = scene.path + "/a/b/c"
        try Directory.create(path)
        try Directory.create(path)
        #expect(try Directory.entries(scene.path + "/a/b") == ["c"])
        for part in ["/a/b/c", "/a/b", "/a"] { rmdir(scene.path + part) }
    }

    @Test func writesAndReadsAtOffsets() throws {
        let file = try OpenFile(scene.path + "/data", .createNew)
        try file.write([1, 2, 3, 4, 5], at: 0)
        try file.write([9], at: 2)
        #expect(try file.read(at: 1, count: 3) == [2, 9, 4])
        #expect(try file.read(at: 4, count: 100) == [5])
        try file.truncate(to: 2)
        #expect(try file.size() == 2)
        try file.syncData()
        #expect { _ = try OpenFile(scene.path + "/data", .createNew) } throws: { ($0 as? FileError)?.code == .exists }
    }

    @Test(
        arguments: [
            ("", 0x0000_0000), ("123456789", 0xe306_9283), ("a", 0xc1d0_4330),
            ("The quick brown fox jumps over the lazy dog", 0x2262_0404),
        ] as [(String, UInt32)])
    func checksumsAreCastagnoli(text: String, expected: UInt32) {
        #expect(CRC32C.checksum(Array(text.utf8)) == expected)
    }

    @Test func checksumsOfPartsAreThoseOfTheWhole() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        for cut in stride(from: 0, through: 1000, by: 7) {
            let parts = CRC32C.checksum(bytes[cut...], after: CRC32C.checksum(bytes[..<cut]))
            #expect(parts == CRC32C.checksum(bytes))
        }
        // RFC 3720, B.4: 32 bytes of zeros, of ones, rising.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(CRC32C.checksum(Array(UInt8(0)..<32)) == 0x46dd_794e)
    }
}
