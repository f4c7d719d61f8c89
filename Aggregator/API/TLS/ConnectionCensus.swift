internal import Logging
internal import Synchronization

/// How many connections each address has: nobody may take all the places that there are.
final class ConnectionCensus: Sendable {
    fileprivate struct State {
        var total = 0
        var byAddress: [String: Int] = [:]
        var toldAt: ContinuousClock.Instant?
        var refused: UInt64 = 0
    }

    private let limit: Int
    private let perAddress: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: connections altogether, which the server itself keeps to.
    ///   - perAddress: connections of one address.
    init(limit: Int, perAddress: Int, logger: Logger) {
        self.limit = limit
        self.perAddress = perAddress
        self.logger = logger
    }

    /// Connections that are open.
    var total: Int { state.withLock { $0.total } }
    /// Connections that were closed at once since the start.
    var refused: UInt64 { state.withLock { $0.refused } }

    /// Takes in a connection; false if its address has too many. Whoever is taken in must `leave`.
    func enter(_ address: String) -> Bool {
        let (isIn, complaint) = state.withLock { state -> (Bool, String?) in
            let count = state.byAddress[address, default: 0]
            guard count < perAddress else {
                state.refused += 1
                return (false, state.mayTell ? "an address has too many connections; more are closed at once" : nil)
            }
            state.byAddress[address] = count + 1
            state.total += 1
            guard state.total >= limit, state.mayTell else { return (true, nil) }
            return (true, "there are as many connections as there may be; others wait until one closes")
        }
        if let complaint {
            logger.warning(
                "\(complaint)",
                metadata: [
                    "address": "\(address)", "connections": "\(total)", "limit": "\(limit)",
                    "perAddress": "\(perAddress)",
                    "remedy": "raise limits.connections or limits.connections_per_address, or keep the address out",
                ])
        }
        return isIn
    }

    /// A connection that was taken in is closed.
    func leave(_ address: String) {
        state.withLock { state in
            state.total -= 1
            let left = state.byAddress[address, default: 1] - 1
            state.byAddress[address] = left > 0 ? left : nil
        }
    }
}

extension ConnectionCensus.State {
    /// Once a minute at most.
    fileprivate var mayTell: Bool {
        mutating get {
            let now = ContinuousClock.now
            if let toldAt, now - toldAt < .seconds(60) { return false }
            toldAt = now
            return true
        }
    }
}
