import AsyncSupport
import CMalloc
import Glibc
import ServiceLifecycle

/// Gives back what only a rush needed: a fleet that starts or reconnects sends all layouts at once.
struct MemoryRelease: Service, CustomStringConvertible {
    var description: String { "MemoryRelease" }

    /// Call it first thing in the program, while there is one thread.
    static func prepare() {
        // Each arena keeps its own free memory: by default there are eight for each core.
        mallopt(M_ARENA_MAX, 2)
        // Setting the defaults keeps malloc from raising them for ever after a few large bodies, which would then stay in
        // the heap instead of going back at once.
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }

    /// Every minute until shutdown. Free pages go, in the middle of the heap too; what is in use stays.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var ticker = Ticker(every: .seconds(60), phase: .seconds(60), clock: ContinuousClock())
            // Cancelled: shutdown.
            while (try? await ticker.next()) != nil { malloc_trim(0) }
        }
    }
}
