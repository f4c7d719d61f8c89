import Glibc
import HostCollectors
import TestSupport
import Testing

@testable import WALProbe

/// A member whose process and mounts a test makes up, on a disk that is real.
final class ProbeScene {
    let directory: TemporaryDirectory
    let member: WatchedMember
    var root: HostRoot { HostRoot(proc: directory.file("proc"), sys: directory.file("sys")) }
    /// What the agent would make for itself.
    var own: String { directory.file("own") }

    init() throws {
        directory = try TemporaryDirectory()
        member = WatchedMember(name: "m1", dataDirectory: directory.file("data"))
        for name in ["proc", "proc/self", "proc/77", "proc/pressure", "data", "data/member", "data/member/wal"] {
            #expect(mkdir(directory.file(name), 0o755) == 0)
        }
        try directory.write("etcd\n", to: "proc/77/comm")
        try directory.write("etcd\0--data-dir\0\(member.dataDirectory)\0", to: "proc/77/cmdline")
        try setStart(900)
        let real = try String(decoding: readAll("/proc/self/mountinfo"), as: UTF8.self)
        try directory.write(real, to: "proc/self/mountinfo")
        try directory.write(real, to: "proc/77/mountinfo")
    }

    /// Another number is another process.
    func setStart(_ ticks: Int) throws {
        try directory.write(
            "77 (etcd) S 1 1 1 0 -1 0 100 0 3 0 20 15 0 0 20 0 11 0 \(ticks) 5000 60 18446744073709551615\n",
            to: "proc/77/stat")
    }

    /// What etcd sees mounted, beside what there is: `line` of mountinfo.
    func addMountOfEtcd(_ line: String) throws {
        let text = String(decoding: try directory.read("proc/77/mountinfo"), as: UTF8.self)
        try directory.write(text + line + "\n", to: "proc/77/mountinfo")
    }

    func finder(configured: String? = nil) -> ProbePlaceFinder {
        ProbePlaceFinder(root: root, member: member, configured: configured, ownDirectory: own)
    }

    private func readAll(_ path: String) throws -> [UInt8] {
        var reader = FileReader()
        var text = try reader.read(path)
        var lines = ""
        while !text.isAtEnd { lines += text.restOfLine() + "\n" }
        return Array(lines.utf8)
    }
}

func expectImpossible(
    _ code: ProbeImpossibility.Code, _ body: () throws(ProbeImpossibility) -> ProbePlace
) -> String {
    do throws(ProbeImpossibility) {
        let place = try body()
        Issue.record("found \(place.directory)")
        return ""
    } catch {
        #expect(error.code == code)
        return error.message
    }
}
