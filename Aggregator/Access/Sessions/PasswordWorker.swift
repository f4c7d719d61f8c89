internal import AsyncSupport
internal import Cryptography
internal import Synchronization

/// Hashes and checks passwords one after the other on a thread of its own: scrypt takes 100 ms and 32 MiB by design,
/// and must neither hold a shared thread nor multiply.
final class PasswordWorker: Sendable {
    private let queue = Queue()
    private let waiting = Mutex(0)
    /// How many may wait; more are refused at once.
    let limit: Int
    /// Compared against when there is no such user, so that the answer takes as long.
    private let decoy: String

    init(limit: Int = 16) throws {
        self.limit = limit
        decoy = try PasswordHash.make(Base64.encodeURL(SecureRandom.bytes(24))).string
    }

    /// Whether `password` is the one behind `stored`; with nil, does the same work and says no.
    func matches(_ password: String, _ stored: String?) async throws -> Bool {
        try enter()
        defer { waiting.withLock { $0 -= 1 } }
        let matches = await queue.matches(password, stored ?? decoy)
        return matches && stored != nil
    }

    /// The stored form of `password`.
    func hash(_ password: String) async throws -> String {
        try enter()
        defer { waiting.withLock { $0 -= 1 } }
        return try await queue.hash(password)
    }

    private func enter() throws {
        let limit = limit
        let mayEnter = waiting.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard mayEnter else {
            throw AccessError(.overloaded, "too many sign-ins at this moment; try again", retryAfter: .seconds(2))
        }
    }

    private actor Queue {
        private let executor = BlockingExecutor(label: "etcd-monitor.passwords")
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func matches(_ password: String, _ stored: String) -> Bool {
            PasswordHash(stored)?.matches(password) ?? false
        }

        func hash(_ password: String) throws -> String {
            try PasswordHash.make(password).string
        }
    }
}
