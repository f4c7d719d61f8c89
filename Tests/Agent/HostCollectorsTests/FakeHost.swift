import Glibc
import Model
import TestSupport
import Testing

@testable import HostCollectors

/// A folder with the parts of /proc and /sys that a test needs.
final class FakeHost {
    private let directory: TemporaryDirectory
    private var folder: String { directory.path }

    var root: HostRoot { HostRoot(proc: folder + "/proc", sys: folder + "/sys") }

    init(_ files: [String: String]) throws {
        directory = try TemporaryDirectory()
        for (path, text) in files { try write(path, text) }
    }

    func write(_ path: String, _ text: String) throws {
        makeParents(of: path)
        try directory.write(text, to: path)
    }

    func link(_ path: String, to target: String) throws {
        makeParents(of: path)
        #expect(symlink(target, "\(folder)/\(path)") == 0)
    }

    /// Moves what is at `path` out of sight.
    func remove(_ path: String) throws {
        #expect(rename("\(folder)/\(path)", "\(folder)/removed") == 0)
    }

    /// A block device as sysfs shows it: its folder, the links to it, and what it stands on.
    func addBlock(_ name: String, at path: String, _ number: String, on slaves: [String] = []) throws {
        try write("sys/devices/\(path)/dev", number + "\n")
        try link("sys/class/block/\(name)", to: "../../devices/\(path)")
        try link("sys/dev/block/\(number)", to: "../../devices/\(path)")
        for slave in slaves { try link("sys/devices/\(path)/slaves/\(slave)", to: "../../../\(slave)") }
    }

    /// A process that looks like etcd's.
    func addEtcd(pid: Int, data: String?, start: Int) throws {
        try write("proc/\(pid)/comm", "etcd\n")
        try write("proc/\(pid)/cmdline", "etcd\0" + (data.map { "--data-dir\0\($0)\0" } ?? ""))
        try write(
            "proc/\(pid)/stat",
            "\(pid) (etcd) S 1 1 1 0 -1 0 100 0 3 0 20 15 0 0 20 0 11 0 \(start) 5000 60 18446744073709551615\n")
        try write("proc/\(pid)/limits", "Limit  Soft Hard Units\nMax open files            65536    65536   files\n")
        try write("proc/\(pid)/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\n")
        try write("proc/\(pid)/task/\(pid)/schedstat", "80 4000000 9\n")
        try link("proc/\(pid)/fd/0", to: "/dev/null")
        try link("proc/\(pid)/fd/1", to: "/dev/null")
    }

    private func makeParents(of path: String) {
        var parent = folder
        for part in path.split(separator: "/").dropLast() {
            parent += "/\(part)"
            mkdir(parent, 0o755)
        }
    }

    /// One round of all collectors; what has a value afterwards.
    func collect(_ members: [WatchedMember] = []) -> [String: Double] {
        collecting(members).round()
    }

    /// Collectors and their board, for several rounds.
    func collecting(_ members: [WatchedMember] = []) -> Collecting { Collecting(root, members) }
}

/// Collectors and their board.
final class Collecting {
    private var collectors: HostCollectors
    private(set) var board = SampleBoard()

    init(
        _ root: HostRoot, _ members: [WatchedMember] = [], version: @escaping MemberVersion = { _ in nil }
    ) {
        collectors = HostCollectors(root: root, members: members, version: version)
    }

    var failures: [String: HostError] { collectors.failures }

    func round() -> [String: Double] {
        board.begin()
        collectors.collect(into: &board)
        board.end()
        var values: [String: Double] = [:]
        for (series, value) in zip(board.series, board.values) where !value.isStale {
            values[series.labels.description] = value
        }
        return values
    }
}
