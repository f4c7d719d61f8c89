import AsyncSupport
import Glibc
import Testing
import TestSupport

/// A generator whose numbers a test can foresee.
struct CountingGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}

@Suite(.timeLimit(.minutes(1))) struct TickerTests {
    @Test func givesEachInstantOfTheGridOnceAndNeverDrifts() async throws {
        let clock = ManualClock()
        let ticks = Task {
            var ticker = Ticker(every: .seconds(5), phase: .seconds(2), clock: clock)
            return [try await ticker.next(), try await ticker.next(), try await ticker.next()]
        }
        for step in [Duration.seconds(2), .seconds(5), .seconds(5)] {
            await clock.waitForSleepers()
            clock.advance(by: step)
        }
        #expect(try await ticks.value.map(\.instant.offset) == [.seconds(2), .seconds(7), .seconds(12)])
    }

    @Test func skipsAndCountsWhatPassedMeanwhile() async throws {
        let clock = ManualClock()
        let ticks = Task {
            var ticker = Ticker(every: .seconds(5), clock: clock)
            let first = try await ticker.next()
            clock.advance(by: .seconds(17))
            return (first, try await ticker.next())
        }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(3))
        let (first, second) = try await ticks.value
        #expect(first.number == 0 && first.missed == 0)
        #expect(second.number == 4 && second.missed == 3)
        #expect(second.instant.offset == .seconds(20))
    }

    @Test func startsOnAGridThatBeganLongAgo() async throws {
        let clock = ManualClock()
        clock.advance(by: .seconds(1003))
        let tick = Task {
            var ticker = Ticker(every: .seconds(5), from: .init(offset: .zero), clock: clock)
            return try await ticker.next()
        }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(2))
        #expect(try await tick.value.instant.offset == .seconds(1005))
    }

    @Test func endsWhenItsTaskIsCancelled() async {
        let clock = ManualClock()
        let task = Task {
            var ticker = Ticker(every: .seconds(5), phase: .seconds(1), clock: clock)
            _ = try await ticker.next()
        }
        await clock.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

struct BackoffTests {
    @Test func doublesUpToItsMaximumAndStaysWithinItsCeiling() {
        var random = CountingGenerator(state: 7)
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(10))
        for ceiling in [1, 2, 4, 8, 10, 10, 10] {
            let wait = backoff.next(using: &random)
            #expect(wait >= .seconds(ceiling) / 2 && wait <= .seconds(ceiling))
        }
        backoff.reset()
        #expect(backoff.next(using: &random) <= .seconds(1))
    }

    @Test func doesNotKeepTwoAgentsInStep() {
        var (left, right) = (CountingGenerator(state: 1), CountingGenerator(state: 99))
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(60))
        var other = backoff
        #expect(backoff.next(using: &left) != other.next(using: &right))
    }
}

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    @Test func returnsWhatTheOperationReturns() async throws {
        #expect(try await withDeadline(.seconds(60)) { 42 } == 42)
    }

    @Test func cancelsAnOperationThatTakesTooLong() async {
        let clock = ManualClock()
        let task = Task {
            try await withDeadline(.seconds(5), clock: clock) {
                try await clock.sleep(until: .init(offset: .seconds(3600)), tolerance: nil)
            }
        }
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(5))
        await #expect(throws: DeadlineExceeded.self) { try await task.value }
    }

    @Test func passesTheOperationsErrorOn() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await withDeadline(.seconds(60)) { throw Failure() } }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BroadcastTests {
    @Test func givesEachSubscriberWhatIsSentAfterItCame() async {
        let broadcast = Broadcast<Int>(bufferLimit: 8)
        let early = broadcast.subscribe()
        broadcast.send(1)
        let late = broadcast.subscribe()
        broadcast.send(2)
        broadcast.finish()
        #expect(await early.reduce(into: []) { $0.append($1) } == [1, 2])
        #expect(await late.reduce(into: []) { $0.append($1) } == [2])
    }

    @Test func dropsTheOldestOfASlowSubscriberAndCountsThem() async {
        let broadcast = Broadcast<Int>(bufferLimit: 2)
        let slow = broadcast.subscribe()
        for number in 1...5 { broadcast.send(number) }
        broadcast.finish()
        #expect(await slow.reduce(into: []) { $0.append($1) } == [4, 5])
        #expect(broadcast.dropped == 3)
    }

    @Test func forgetsASubscriberThatWasCancelled() async {
        let broadcast = Broadcast<Int>(bufferLimit: 2)
        let task = Task { for await _ in broadcast.subscribe() {} }
        while broadcast.subscriberCount == 0 { await Task.yield() }
        task.cancel()
        await task.value
        #expect(broadcast.subscriberCount == 0)
    }

    @Test func endsASubscriptionThatComesTooLate() async {
        let broadcast = Broadcast<Int>(bufferLimit: 2)
        broadcast.finish()
        for await _ in broadcast.subscribe() { Issue.record("nothing was sent") }
    }
}

@Suite(.timeLimit(.minutes(1))) struct SignalTests {
    @Test func aCancelledWaitLeavesTheSignalAsItWas() async throws {
        let signal = Signal()
        for _ in 0..<3 {
            await #expect(throws: DeadlineExceeded.self) {
                try await withDeadline(.milliseconds(10)) { try await signal.wait() }
            }
        }
        let waiting = Task { try await signal.wait() }
        signal.send()
        try await waiting.value
    }

    @Test func aSignalIsNotLostToAWaitThatWasCancelledBeforeItBegan() async throws {
        let signal = Signal()
        signal.send()
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await signal.wait()
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        try await signal.wait()
    }

    @Test func countsSignalsBeforeTheWaitAsOne() async throws {
        let signal = Signal()
        signal.send()
        signal.send()
        try await signal.wait()
        let second = Task { try await signal.wait() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BlockingExecutorTests {
    actor Blocker {
        private let executor: BlockingExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private var count = 0

        init() { executor = BlockingExecutor(label: "test") }

        func block(on pipe: Int32) -> Int {
            var byte: UInt8 = 0
            _ = read(pipe, &byte, 1)
            preconditionIsolated()
            count += 1
            return count
        }
    }

    @Test func letsActorsBlockWithoutHoldingThreadsOfThePool() async {
        // More blocked actors than the shared pool has threads; only then is the pipe written.
        var pipes: [Int32] = [0, 0]
        #expect(pipe(&pipes) == 0)
        let (readEnd, writeEnd) = (pipes[0], pipes[1])
        defer {
            close(readEnd)
            close(writeEnd)
        }
        let blockers = (0..<16).map { _ in Blocker() }
        let sum = await withTaskGroup(of: Int.self) { group in
            for blocker in blockers { group.addTask { await blocker.block(on: readEnd) } }
            group.addTask {
                var bytes = [UInt8](repeating: 1, count: blockers.count)
                return write(writeEnd, &bytes, bytes.count) == bytes.count ? 0 : 1000
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 16)
    }
}
