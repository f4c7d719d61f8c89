public import AgentProtocol
internal import AsyncSupport
public import Cryptography
internal import DurableFiles
public import Logging
public import Model

/// Takes orders, one at a time.
public actor OrderDesk {
    /// Who this is, whom it believes, and what its host allows.
    public struct Authority: Sendable {
        public var agent: AgentID
        /// nil: no order is believed.
        public var key: Ed25519PublicKey?
        /// Names of kinds that the host's own configuration allows.
        public var allowed: Set<String>

        /// The authority of `agent`.
        public init(agent: AgentID, key: Ed25519PublicKey?, allowed: Set<String>) {
            self.agent = agent
            self.key = key
            self.allowed = allowed
        }
    }

    /// The way to the aggregator.
    public struct Line: Sendable {
        /// Of the spool now.
        public var epoch: @Sendable () async -> UInt64
        /// By the aggregator's clock.
        public var now: @Sendable () -> Timestamp
        public var exchange: @Sendable (CommandQuestion) async throws -> CommandAnswer

        /// A way.
        public init(
            epoch: @escaping @Sendable () async -> UInt64, now: @escaping @Sendable () -> Timestamp,
            exchange: @escaping @Sendable (CommandQuestion) async throws -> CommandAnswer
        ) {
            self.epoch = epoch
            self.now = now
            self.exchange = exchange
        }
    }

    private let authority: Authority
    private let kinds: [String: any OrderKind]
    private let line: Line
    private let logger: Logger
    private let signal = Signal()
    private var executed: ExecutedOrders
    private var reports: [String: CommandReport] = [:]
    private var current: (id: String, task: Task<Void, Never>)?

    /// While an order runs: cancellations are heard this often.
    private static let pace = Duration.milliseconds(500)
    /// After an exchange that failed.
    private static let pause = Duration.seconds(2)

    /// A desk.
    public init(
        authority: Authority, kinds: [any OrderKind], executed: ExecutedOrders, line: Line, logger: Logger
    ) {
        self.authority = authority
        self.kinds = Dictionary(kinds.map { ($0.name, $0) }) { first, _ in first }
        self.executed = executed
        self.line = line
        self.logger = logger
        for id in executed.unfinished {
            reports[id] = CommandReport(
                id: id, state: .failed, words: "the agent was stopped while this ran; begin it again")
        }
    }

    /// An answer to a batch announced something.
    public nonisolated func wake() { signal.send() }

    /// Takes orders until the task is cancelled; then what runs is cancelled too, and awaited.
    public func run() async throws {
        do {
            while true {
                if reports.isEmpty { try await signal.wait() } else { try await breathe() }
                try await exchange()
            }
        } catch {
            current?.task.cancel()
            await current?.task.value
            throw error
        }
    }

    /// Waits a little, or until an order ends.
    private func breathe() async throws {
        do {
            try await withDeadline(Self.pace) { [signal] in try await signal.wait() }
        } catch is DeadlineExceeded {
            return
        }
    }

    private func exchange() async throws {
        let sent = reports.values.sorted { $0.id < $1.id }.prefix(CommandQuestion.limit)
        let answer: CommandAnswer
        do {
            answer = try await line.exchange(CommandQuestion(epoch: await line.epoch(), reports: Array(sent)))
        } catch {
            try Task.checkCancellation()
            logger.debug("orders were not asked for", metadata: ["reason": "\(error)"])
            try await Task.sleep(for: Self.pause)
            // What was announced is still there.
            signal.send()
            return
        }
        for report in sent where report.state.isFinal { settle(report) }
        for id in answer.cancelled where current?.id == id { current?.task.cancel() }
        for order in answer.orders { await take(order) }
    }

    /// The aggregator knows how `report`'s order ended.
    private func settle(_ report: CommandReport) {
        reports[report.id] = nil
        do throws(FileError) {
            try executed.finish(report.id)
        } catch {
            // It stays noted as begun, so it will not run again.
            logger.warning("the end of an order could not be noted", metadata: ["error": "\(error)"])
        }
    }

    private func take(_ signed: SignedOrder) async {
        guard let key = authority.key else {
            logger.error("an order was not believed: this host was enrolled without a command key; enrol it again")
            return
        }
        let order: CommandOrder
        do throws(ProtocolError) {
            order = try signed.verified(with: key)
        } catch {
            logger.error("an order was not believed", metadata: ["reason": "\(error)"])
            return
        }
        let epoch = await line.epoch()
        guard order.agent == authority.agent else {
            logger.error("an order for another agent came here", metadata: ["order": "\(order.id)"])
            return
        }
        // Sent again while it runs, or before its report was read.
        guard reports[order.id] == nil else { return }
        if let words = refusal(of: order, epoch: epoch) {
            reports[order.id] = CommandReport(id: order.id, state: .refused, words: words)
            logger.warning("an order was refused", metadata: ["kind": "\(order.kind)", "reason": "\(words)"])
            return
        }
        do throws(FileError) {
            guard try executed.begin(order.id, expires: order.expires, now: line.now()) else {
                reports[order.id] = CommandReport(
                    id: order.id, state: .refused, words: "this order was carried out before, or too many were")
                return
            }
        } catch {
            reports[order.id] = CommandReport(
                id: order.id, state: .failed, words: "the order could not be noted on disk: \(error)")
            return
        }
        begin(order)
    }

    private func refusal(of order: CommandOrder, epoch: UInt64) -> String? {
        guard kinds[order.kind] != nil else { return "this agent does not know \(order.kind): update it" }
        guard authority.allowed.contains(order.kind) else {
            return "this host does not allow \(order.kind): name it under `commands:` in its agent.yaml"
        }
        guard order.epoch == epoch else { return "the order was meant for this agent before it was restarted" }
        let now = line.now()
        guard order.expires > now else { return "the order came after its time" }
        guard order.expires <= now + ExecutedOrders.longestLife else { return "the order is valid for too long" }
        guard current == nil else { return "another order is being carried out" }
        return nil
    }

    private func begin(_ order: CommandOrder) {
        guard let kind = kinds[order.kind] else { return }
        logger.notice("an order is carried out", metadata: ["kind": "\(order.kind)", "order": "\(order.id)"])
        let id = order.id
        reports[id] = CommandReport(id: id, state: .running)
        current = (
            id,
            Task {
                let report: CommandReport
                do {
                    let result = try await kind.run(order.arguments) { progress, words in
                        Task { await self.note(id, progress, words) }
                    }
                    report = CommandReport(id: id, state: .done, progress: 1, result: result)
                } catch let failure as OrderFailure {
                    report = CommandReport(
                        id: id, state: failure.isRefusal ? .refused : .failed, words: failure.description)
                } catch is CancellationError {
                    report = CommandReport(id: id, state: .cancelled, words: "cancelled")
                } catch {
                    report = CommandReport(id: id, state: .failed, words: "\(error)")
                }
                self.end(report)
            }
        )
    }

    private func note(_ id: String, _ progress: Double, _ words: String) {
        guard reports[id]?.state == .running else { return }
        reports[id]?.progress = min(1, max(0, progress))
        reports[id]?.words = words
    }

    private func end(_ report: CommandReport) {
        logger.notice(
            "an order has ended",
            metadata: ["order": "\(report.id)", "state": "\(report.state.rawValue)", "words": "\(report.words)"])
        reports[report.id] = report
        current = nil
        signal.send()
    }
}
