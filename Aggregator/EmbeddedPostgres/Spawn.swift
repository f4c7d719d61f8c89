internal import Glibc

/// A program started with no signals blocked or ignored, in a process group of its own (Ctrl-C in our terminal must not
/// reach it), stdin empty, stdout and stderr in one pipe.
enum Spawn {
    /// - Returns: its process id, and where to read what it says.
    static func start(_ arguments: [String]) throws(EmbeddedPostgresError) -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0
        else { throw failure("pipe", errno) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let copies = arguments.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        let variables = environment.map { strdup($0) } + [nil]
        defer { for variable in variables { free(variable) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, arguments[0], &actions, &attributes, copies, variables)
        guard code == 0 else {
            close(ends[0])
            throw failure("start \(arguments[0])", code)
        }
        return (process, ends[0])
    }

    /// Ours, without what is meant for us alone: PostgreSQL would tell systemd that it is ready, and mean itself.
    private static var environment: [String] {
        var all: [String] = []
        var next = environ
        while let variable = next.pointee {
            all.append(String(cString: variable))
            next += 1
        }
        let ours = ["NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "PG"]
        return all.filter { variable in !ours.contains { variable.hasPrefix($0) } }
    }

    private static func failure(_ what: String, _ code: Int32) -> EmbeddedPostgresError {
        EmbeddedPostgresError(.cannotStart, "\(what): \(String(cString: strerror(code)))")
    }
}

/// A program that ends by itself: run, heard out, awaited. Blocks.
enum Tool {
    static func run(_ arguments: [String]) throws(EmbeddedPostgresError) -> (status: Int32, output: String) {
        let (process, output) = try Spawn.start(arguments)
        defer { close(output) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        let text = String(decoding: bytes.suffix(4096), as: UTF8.self)
        return (status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f, text)
    }
}
