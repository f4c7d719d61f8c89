internal import AsyncSupport
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

extension RequestBody {
    /// How long a body may take. The connection is closed some seconds later, whatever the client does.
    static let deadline = Duration.seconds(30)

    /// The whole body.
    ///
    /// - Throws: 413 beyond `limit` bytes, 408 if it does not end in time.
    func bytes(upTo limit: Int, within deadline: Duration = deadline) async throws -> [UInt8] {
        try await bytes(upTo: limit, within: deadline) { _ in }
    }

    /// The whole body, of which `arrived` is told each part's size.
    func bytes(
        upTo limit: Int, within deadline: Duration = deadline, arrived: @escaping @Sendable (Int) throws -> Void
    ) async throws -> [UInt8] {
        do {
            return try await withDeadline(deadline) {
                var bytes: [UInt8] = []
                for try await part in self {
                    guard bytes.count + part.readableBytes <= limit else {
                        throw APIError(.contentTooLarge, "body-too-large", "the body is larger than \(limit) bytes")
                    }
                    try arrived(part.readableBytes)
                    bytes += part.readableBytesView
                }
                return bytes
            }
        } catch is DeadlineExceeded {
            throw APIError(
                .requestTimeout, "body-too-slow", "the body did not end within \(deadline.components.seconds) s")
        }
    }
}

/// Bytes of bodies that are being received, bounded: who posts slowly, or never ends, does so at his own expense.
final class ReceivingBytes: Sendable {
    private struct State {
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())

    /// At most `limit` altogether, and a quarter of it from one address.
    init(limit: Int) { self.limit = limit }

    /// Bytes now.
    var total: Int { state.withLock { $0.total } }

    /// A body that is being received.
    final class Share: Sendable {
        private let owner: ReceivingBytes
        private let address: String
        private let count = Mutex(0)

        fileprivate init(_ owner: ReceivingBytes, _ address: String) {
            self.owner = owner
            self.address = address
        }

        deinit { owner.release(count.withLock { $0 }, of: address) }

        /// Whether there is room for `bytes` more.
        func take(_ bytes: Int) -> Bool {
            guard owner.take(bytes, of: address) else { return false }
            count.withLock { $0 += bytes }
            return true
        }
    }

    /// The share of a body from `address`, given back when it is let go.
    func share(of address: String) -> Share { Share(self, address) }

    private func take(_ bytes: Int, of address: String) -> Bool {
        state.withLock { state in
            let own = state.byAddress[address, default: 0]
            guard state.total + bytes <= limit, own + bytes <= limit / 4 else { return false }
            state.total += bytes
            state.byAddress[address] = own + bytes
            return true
        }
    }

    private func release(_ bytes: Int, of address: String) {
        guard bytes > 0 else { return }
        state.withLock { state in
            state.total -= bytes
            let left = state.byAddress[address, default: bytes] - bytes
            state.byAddress[address] = left > 0 ? left : nil
        }
    }
}
