import Glibc
import JSON
import Logging
import ServiceRuntime
import TestSupport
import Testing

/// A real systemd-journald, alone in a mount namespace with a `/run` of its own.
struct Journal {
    private let directory: TemporaryDirectory
    private let journald: ChildProcess

    static let isPossible =
        geteuid() == 0 && access("/lib/systemd/systemd-journald", X_OK) == 0 && access("/usr/bin/nsenter", X_OK) == 0
        && access("/etc/machine-id", R_OK) == 0

    init() async throws {
        directory = try TemporaryDirectory()
        let notifications = try DatagramListener(path: directory.file("notify"))
        let script = """
            set -e
            mount -t tmpfs tmpfs /run
            mkdir -p /run/systemd/journal /run/log/journal
            test ! -d /var/log/journal || mount -t tmpfs tmpfs /var/log/journal
            exec /lib/systemd/systemd-journald
            """
        journald = try await ChildProcess.start(
            "/usr/bin/unshare", ["-m", "--propagation", "private", "/bin/sh", "-c", script],
            environment: ["NOTIFY_SOCKET": directory.file("notify")], output: directory.file("journald"))
        var message = ""
        while !message.contains("READY=1") {
            message = try #require(notifications.receive(), "journald: \(journald.output)")
        }
    }

    /// Runs `body` on a thread of its own that lives in journald's mount namespace: there libsystemd finds its socket.
    func inside(_ body: @escaping @Sendable () -> Void) async -> Bool {
        let namespace = "/proc/\(journald.pid)/ns/mnt"
        return await withCheckedContinuation { continuation in
            onThread {
                let entered = enterMountNamespace(namespace)
                if entered { body() }
                continuation.resume(returning: entered)
            }
        }
    }

    /// The entries of `identifier`, as journalctl reads them from the journal's files.
    func entries(of identifier: String) async throws -> [JSONValue] {
        _ = try await journalctl(["--sync"])
        let text = try await journalctl(["--no-pager", "-q", "-o", "json", "-t", identifier])
        return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    func stop() async {
        await journald.kill()
    }

    private func journalctl(_ arguments: [String]) async throws -> String {
        let output = directory.file("journalctl-\(arguments.count)")
        let process = try await ChildProcess.start(
            "/usr/bin/nsenter", ["-m", "-t", "\(journald.pid)", "/usr/bin/journalctl"] + arguments, output: output)
        let exit = await process.waitForExit()
        #expect(exit == .status(0), "\(process.output)")
        return process.output
    }
}

private func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, argument)
    pthread_detach(thread)
}

/// `unshare(CLONE_FS)` and `setns`, which Swift's Glibc module leaves out: a thread may change its mount namespace once it
/// shares its root and working directory with no other.
private func enterMountNamespace(_ path: String) -> Bool {
    typealias Unshare = @convention(c) (Int32) -> Int32
    typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32
    let (cloneFS, cloneNewNamespace): (Int32, Int32) = (0x200, 0x20000)
    guard let unshare = dlsym(nil, "unshare"), let setNamespace = dlsym(nil, "setns") else { return false }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    return unsafeBitCast(unshare, to: Unshare.self)(cloneFS) == 0
        && unsafeBitCast(setNamespace, to: SetNamespace.self)(descriptor, cloneNewNamespace) == 0
}

@Suite(.timeLimit(.minutes(1))) struct JournalTests {
    @Test(.enabled(if: Journal.isPossible, "needs root, systemd-journald and nsenter"))
    func journaldKeepsEachPieceOfMetadataAsAField() async throws {
        let journal = try await Journal()
        let logged = await journal.inside {
            var logger = Logger(label: "uplink") { JournalLogHandler(label: $0, program: "etcd-monitor-test") }
            logger[metadataKey: "cluster"] = "prod-eu"
            logger.warning(
                "batch refused",
                metadata: [
                    "node": "etcd-1", "messageID": "8f3bd7f0-6a0b-4a52-9d2c-3f6f5b2f3a10", "peer.url": "https://a:2380",
                    "priority": "high", "text": "two\nlines = \"x\"", "note": "",
                ])
            logger.error("no id", metadata: ["messageID": "not hex"])
            logger.debug("below the level")
        }
        try #require(logged, "this thread could not enter the namespace")
        let entries = try await journal.entries(of: "etcd-monitor-test")
        await journal.stop()
        #expect(entries.count == 2)
        let entry = try #require(entries.first)
        let expected = [
            "MESSAGE":
                #"batch refused cluster=prod-eu node=etcd-1 note="" peer.url=https://a:2380 priority=high text="two\nlines = \"x\"""#,
            "PRIORITY": "4", "SYSLOG_IDENTIFIER": "etcd-monitor-test", "LOGGER": "uplink", "CLUSTER": "prod-eu",
            "NODE": "etcd-1", "MESSAGE_ID": "8f3bd7f06a0b4a529d2c3f6f5b2f3a10", "PEER_URL": "https://a:2380",
            "X_PRIORITY": "high", "TEXT": "two\nlines = \"x\"", "NOTE": "", "_TRANSPORT": "journal",
            "_PID": "\(getpid())",
        ]
        for (field, value) in expected { #expect(entry[field]?.string == value, "\(field)") }
        #expect(entry["CODE_FILE"]?.string?.hasSuffix("JournalTests.swift") == true)
        #expect(entry["CODE_LINE"]?.int != nil && entry["CODE_FUNC"]?.string != nil)
        #expect(entries.last?["PRIORITY"]?.string == "3")
        #expect(entries.last?["MESSAGE_ID"] == nil)
    }
}
