public import AgentProtocol
internal import AsyncSupport
public import Cryptography
public import Fleet
internal import JSON
public import Logging
public import Model
public import Postgres
public import ServiceLifecycle
internal import Synchronization

/// Keeps what is asked of hosts, and hands it to their agents.
public final class CommandDesk: Service, CustomStringConvertible {
    private struct State {
        /// Not over, as last read.
        var open: [Command] = []
        var obstacles: [String: String] = [:]
        /// Agents that should ask.
        var waiting: Set<AgentID> = []
    }

    private let store: CommandStore
    private let fleet: FleetService
    private let key: Ed25519PrivateKey
    private let standing: @Sendable (String) -> ClusterStanding?
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(State())

    /// Between two looks into the table: another aggregator may have been asked.
    private static let pace = Duration.seconds(1)
    /// How long a command may wait for its turn.
    private static let lifetime = Duration.seconds(1800)
    /// An agent says how it goes twice a second.
    private static let patience = Duration.seconds(120)
    /// How long results are kept, to be compared.
    private static let retention = Duration.seconds(400 * 86_400)

    /// - Parameters:
    ///   - key: signs orders; the same on all aggregators of an installation.
    ///   - standing: of a cluster; nil while nothing is known of it.
    public init(
        pool: PostgresPool, fleet: FleetService, key: Ed25519PrivateKey,
        standing: @escaping @Sendable (String) -> ClusterStanding?, clock: WallClock = .system, logger: Logger
    ) {
        store = CommandStore(pool: pool)
        self.fleet = fleet
        self.key = key
        self.standing = standing
        self.clock = clock
        self.logger = logger
    }

    public var description: String { "CommandDesk" }

    /// What agents verify orders with, for their enrolment.
    public var publicKey: [UInt8] { key.publicKey.raw }

    /// Whether `agent` should be told to ask for orders.
    public func isWaiting(for agent: AgentID) -> Bool { state.withLock { $0.waiting.contains(agent) } }

    /// What a command that is queued waits for; nil if for its agent alone.
    public func obstacle(of id: String) -> String? { state.withLock { $0.obstacles[id] } }

    /// Looks into the table until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var ticker = Ticker(every: Self.pace, clock: ContinuousClock())
            var isFailing = false
            // Cancelled: shutdown.
            while let tick = try? await ticker.next() {
                do {
                    if tick.number % 5 == 0 { try await self.store.expire(at: self.clock.now, patience: Self.patience) }
                    if tick.number % 3600 == 0 { try await self.store.remove(before: self.clock.now - Self.retention) }
                    try await self.refresh()
                    isFailing = false
                } catch {
                    if !isFailing {
                        self.logger.warning(
                            "commands could not be read", metadata: ["error": "\(String(reflecting: error))"])
                    }
                    isFailing = true
                }
            }
        }
    }

    private func refresh() async throws {
        let open = try await store.open()
        var obstacles: [String: String] = [:]
        for (cluster, commands) in Dictionary(grouping: open, by: \.cluster) {
            obstacles.merge(DispatchRule.obstacles(commands, standing(cluster))) { first, _ in first }
        }
        let waiting = open.filter {
            $0.state == .queued ? obstacles[$0.id] == nil : $0.isCancelled || $0.state == .sent
        }
        state.withLock { state in
            state.open = open
            state.obstacles = obstacles
            state.waiting = Set(waiting.map(\.agent))
        }
    }

    // MARK: People

    /// Asks for disk checks: of `node`, or with nil of all nodes of the cluster, followers first.
    ///
    /// - Returns: the ids, in the order of the nodes' names.
    public func requestDiskChecks(
        _ wish: DiskCheckWish, cluster: String, node: String?, by name: String
    ) async throws -> [Command] {
        let agents = fleet.agents.filter { $0.isActive && $0.cluster == cluster && (node == nil || $0.node == node) }
            .sorted { $0.node < $1.node }
        guard !agents.isEmpty else {
            throw CommandError(.notFound, node.map { "no agent on \($0) of \(cluster)" } ?? "no agent in \(cluster)")
        }
        guard let standing = standing(cluster), standing.margin >= 1 else {
            throw CommandError(
                .conflict,
                "the cluster \(cluster) cannot lose a member now: a check could cost it its quorum; try again when all "
                    + "members answer. A cluster of one member is checked on its host: etcd-monitor-agent disk check")
        }
        if let busy = state.withLock({ $0.open }).first(where: { open in agents.contains { $0.id == open.agent } }) {
            throw CommandError(.conflict, "a check of \(busy.node) waits or runs already")
        }
        let ids = agents.map { _ in SecureRandom.bytes(16) }
        let now = clock.now
        try await store.insert(
            ids, agents: agents.map(\.number), kind: DiskCheckWish.kind, arguments: agents.map { _ in wish.json },
            by: name, at: now, expires: now + Self.lifetime)
        try await refresh()
        let wanted = Set(ids.map { Hex.encode($0) })
        return state.withLock { $0.open }.filter { wanted.contains($0.id) }.sorted { $0.node < $1.node }
    }

    /// Disk checks of `cluster`, newest first.
    public func diskChecks(
        _ cluster: String, node: String? = nil, before: Int64? = nil, limit: Int
    ) async throws -> [Command] {
        try await store.list(cluster, kind: DiskCheckWish.kind, node: node, before: before, limit: limit)
    }

    /// The command `id` of `cluster`.
    public func command(_ id: String, of cluster: String) async throws -> Command {
        if let bytes = Hex.decode(id), let command = try await store.command(bytes, of: cluster) { return command }
        throw CommandError(.notFound, "\(cluster) has no command \(id)")
    }

    /// Ends the command `id`: at once if it has not begun, else its agent hears of it within a second or two.
    public func cancel(_ id: String, of cluster: String, by name: String) async throws {
        let command = try await command(id, of: cluster)
        guard !command.state.isFinal else { throw CommandError(.conflict, "it is over: \(command.state.rawValue)") }
        try await store.cancel(Hex.decode(id) ?? [], by: name, at: clock.now)
        try await refresh()
    }

    // MARK: Agents

    /// Notes what `agent` says and tells it what to do.
    public func answer(_ question: CommandQuestion, from agent: AgentRecord) async throws -> CommandAnswer {
        let now = clock.now
        try await store.note(question.reports, of: agent.number, at: now)
        if !question.reports.isEmpty { try await refresh() }
        let reported = Set(question.reports.map(\.id))
        var answer = CommandAnswer()
        let (open, obstacles) = state.withLock { ($0.open.filter { $0.agent == agent.id }, $0.obstacles) }
        for command in open where !reported.contains(command.id) || command.state == .running {
            switch command.state {
            case .running where command.isCancelled: answer.cancelled.append(command.id)
            case .sent where command.isCancelled:
                // It never came there, or came just now: then it is reported, and cancelled next time.
                let report = CommandReport(id: command.id, state: .cancelled, words: "cancelled before it began")
                try await store.note([report], of: agent.number, at: now)
            case .sent: answer.orders.append(try order(command, question.epoch))
            case .queued where obstacles[command.id] == nil:
                guard try await store.take(Hex.decode(command.id) ?? [], at: now) else { continue }
                answer.orders.append(try order(command, question.epoch))
            default: break
            }
        }
        if !answer.orders.isEmpty { try await refresh() }
        return answer
    }

    private func order(_ command: Command, _ epoch: UInt64) throws -> SignedOrder {
        try SignedOrder(
            CommandOrder(
                agent: command.agent, epoch: epoch, id: command.id, kind: command.kind, arguments: command.arguments,
                expires: command.expiresAt), with: key)
    }
}
