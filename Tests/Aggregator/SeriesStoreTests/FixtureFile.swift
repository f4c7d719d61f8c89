import DurableFiles

/// Files in Tests/Fixtures.
enum FixtureFile {
    static func read(_ path: String) throws -> [UInt8] {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try AtomicFile.read("/\(here)/Fixtures/\(path)")
    }
}
