/// Where the kernel's files are: the host's, or a folder of a test.
public struct HostRoot: Hashable, Sendable {
    /// `/proc`.
    public var proc: String
    /// `/sys`.
    public var sys: String

    /// The files under these two folders.
    public init(proc: String, sys: String) {
        self.proc = proc
        self.sys = sys
    }

    /// The running kernel's.
    public static let system = HostRoot(proc: "/proc", sys: "/sys")
}
