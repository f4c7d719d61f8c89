import Glibc
import Logging
import TestSupport
import Testing

@testable import ServiceRuntime

struct JournalFieldTests {
    @Test(arguments: [
        ("cluster", "CLUSTER"), ("messageID", "MESSAGE_ID"), ("message_id", "MESSAGE_ID"), ("peer.url", "PEER_URL"),
        ("fsyncSeconds", "FSYNC_SECONDS"), ("_hidden", "X__HIDDEN"), ("2nd", "X_2ND"), ("priority", "X_PRIORITY"),
        ("message", "X_MESSAGE"), ("", "X_"), ("größe", "GR____E"), ("walP99", "WAL_P99"),
        (String(repeating: "a", count: 100), String(repeating: "A", count: 60)),
    ])
    func namesAreAsTheJournalWantsThem(key: String, name: String) {
        #expect(JournalField.name(for: key) == name)
    }
}

struct LogOutputTests {
    @Test func followsJournalStreamOnlyIfItIsOurStandardError() {
        var status = stat()
        #expect(fstat(STDERR_FILENO, &status) == 0)
        #expect(LogBootstrap.goesToJournal(.automatic, stream: "\(status.st_dev):\(status.st_ino)"))
        #expect(!LogBootstrap.goesToJournal(.automatic, stream: "1:1"))
        #expect(!LogBootstrap.goesToJournal(.automatic, stream: nil))
        #expect(LogBootstrap.goesToJournal(.journal, stream: nil))
        #expect(!LogBootstrap.goesToJournal(.standardError, stream: "\(status.st_dev):\(status.st_ino)"))
    }

    @Test func linesForPeopleHoldTheFacts() {
        let event = LogEvent(
            level: .info, message: "leader changed", metadata: ["from": "m1", "why": "a \"b\"\n", "messageID": "0"],
            source: nil, file: "f", function: "g", line: 1)
        let facts = LogFacts(handler: ["cluster": "c", "from": "old"], provider: nil, event: event)
        #expect(facts.line("leader changed") == #"leader changed cluster=c from=m1 why="a \"b\"\n""#)
    }
}

/// These change the environment of the process, so they run one after the other.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SystemdNotifierTests {
    @Test func tellsSystemdHowItIs() throws {
        let directory = try TemporaryDirectory()
        let systemd = try DatagramListener(path: directory.file("notify"))
        setenv("NOTIFY_SOCKET", directory.file("notify"), 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        let notifier = SystemdNotifier()
        #expect(notifier.isSupervised)
        notifier.ready(status: "2 members\nwatched")
        #expect(systemd.receive() == "READY=1\nSTATUS=2 members watched")
        notifier.status("1 member down")
        #expect(systemd.receive() == "STATUS=1 member down")
        notifier.stopping()
        #expect(systemd.receive() == "STOPPING=1")
    }

    @Test func givesSignsOfLifeWhileItIsAlive() async throws {
        let directory = try TemporaryDirectory()
        let systemd = try DatagramListener(path: directory.file("notify"))
        setenv("NOTIFY_SOCKET", directory.file("notify"), 1)
        setenv("WATCHDOG_USEC", "20000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        defer { for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
        #expect(SystemdNotifier().watchdogInterval == .milliseconds(20))
        let alive = Task { await SystemdNotifier().runWatchdog() }
        #expect(systemd.receive() == "WATCHDOG=1")
        #expect(systemd.receive() == "WATCHDOG=1")
        alive.cancel()
        await alive.value
    }

    @Test func keepsStillWhereNobodyListens() async {
        let notifier = SystemdNotifier()
        #expect(!notifier.isSupervised && notifier.watchdogInterval == nil)
        notifier.ready()
        await notifier.runWatchdog()
    }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ProcessSignalTests {
    @Test func takesSignalsInsteadOfDying() async {
        let signals = ProcessSignals([SIGUSR1, SIGUSR2])
        var found = signals.signals.makeAsyncIterator()
        kill(getpid(), SIGUSR1)
        #expect(await found.next() == SIGUSR1)
        kill(getpid(), SIGUSR2)
        #expect(await found.next() == SIGUSR2)
    }

    @Test func endsItsWaitWithTheShutdownSignal() async {
        let shutdown = ShutdownSignal()
        kill(getpid(), SIGTERM)
        #expect(await shutdown.wait() == SIGTERM)
    }

    @Test func endsItsWaitWhenTheTaskIsCancelled() async {
        let task = Task { await ShutdownSignal().wait() }
        task.cancel()
        #expect(await task.value == nil)
    }
}
