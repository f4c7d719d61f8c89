internal import Glibc

/// Programs that were built with the tests.
public enum ProgramUnderTest {
    /// The program `name`: beside the tests that are running, or, since some versions of SwiftPM load tests into a helper
    /// of the toolchain, in the debug build.
    public static func path(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
        let beside =
            String(decoding: own, as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/") + "/" + name
        guard access(beside, X_OK) != 0 else { return beside }
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/.build/debug/" + name
    }
}
