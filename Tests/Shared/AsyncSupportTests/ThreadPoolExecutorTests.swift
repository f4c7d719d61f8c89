import AsyncSupport
import Synchronization
import Testing

/// Threads for what computes long.
struct ThreadPoolExecutorTests {
    private final class Gauge: Sendable {
        private let state = Mutex((now: 0, most: 0, all: 0))

        func enter() {
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
                $0.all += 1
            }
        }

        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
        var all: Int { state.withLock { $0.all } }
    }

    @Test(arguments: [1, 3]) func runsSoManyJobsAtATimeAndAllOfThem(threads: Int) async {
        let executor = ThreadPoolExecutor(label: "test", threads: threads)
        let gauge = Gauge()
        await withDiscardingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await withTaskExecutorPreference(executor) {
                        for _ in 0..<5 {
                            gauge.enter()
                            gauge.leave()
                            await Task.yield()
                        }
                    }
                }
            }
        }
        #expect(gauge.most <= threads)
        #expect(gauge.all == 1000)
    }
}
