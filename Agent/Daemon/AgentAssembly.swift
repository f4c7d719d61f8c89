internal import Cryptography
internal import Emergency
internal import EtcdClient
internal import FrameCodec
internal import HostCollectors
internal import Logging
internal import Model
internal import Orders
internal import ServiceRuntime
internal import Spool
internal import Synchronization
internal import Uplink
internal import WALProbe

/// Builds the rooms, plugs them together and runs them: the only file that knows them all.
struct AgentAssembly: Sendable {
    private let configuration: AgentConfiguration
    private let identity: AgentIdentity
    private let spool: Spool
    private let sender: BatchSender
    private let writer: BatchWriter
    private let loop: CollectionLoop
    private let watches: [MemberWatch]
    /// Of every member; they run only if disks are to be probed.
    private let probes: [WALProbe]
    private let desk: OrderDesk
    private let emergency: EmergencyCaller?
    private let notifier = SystemdNotifier()
    private let logger: Logger

    /// The agent's own series move slowly, and nobody looks at them every five seconds.
    private static let selfEveryTicks: Int64 = 3

    init(_ configuration: AgentConfiguration, identity: AgentIdentity, hostRoot: HostRoot = .system) throws {
        self.configuration = configuration
        self.identity = identity
        var labelled = Logger(label: "agent")
        labelled[metadataKey: "cluster"] = "\(identity.cluster)"
        labelled[metadataKey: "node"] = "\(identity.node)"
        let logger = labelled
        self.logger = logger
        let spool = try Spool(
            directory: configuration.spoolDirectory, limitBytes: configuration.spoolLimitBytes,
            random: { SecureRandom.uint64() })
        self.spool = spool
        let announced = Announcement()
        let sender = BatchSender(
            identity: identity, aggregators: configuration.aggregators, spool: spool, logger: logger,
            onOrders: { announced.desk?.wake() })
        self.sender = sender
        let descriptors = Self.descriptors(configuration, node: identity.node)
        let writer = BatchWriter(
            agent: identity.agent, sources: descriptors, spool: spool, logger: logger,
            shouldSync: { sender.isLongAway }, onAppend: { sender.wake() })
        self.writer = writer

        let deadlines = EtcdSource.Deadlines(
            scrapeInterval: configuration.scrapeInterval, statusInterval: configuration.statusInterval)
        let versions = KnownVersions()
        let probes = Self.probes(configuration, hostRoot, logger)
        self.probes = probes
        desk = try Self.desk(configuration, identity, probes, sender: sender, spool: spool, logger)
        announced.desk = desk
        let members = configuration.members.enumerated().map { index, member in
            EtcdSource(
                number: index, name: member.name, node: identity.node,
                client: EtcdClient(clientURL: member.clientURL, metricsURL: member.metricsURL, tls: member.tls),
                deadlines: deadlines, versions: versions, probe: probes[index], logger: logger)
        }
        var sources: [(source: any ScrapeSource, every: Int64)] = members.map { ($0, 1) }
        if configuration.watchesHost {
            let collectors = HostCollectors(
                root: hostRoot, members: configuration.members.map(\.watched), version: { versions[$0] })
            sources.append((HostSource(number: sources.count, collectors: collectors, logger: logger), 1))
        }
        let counts = LoopCounts()
        let own = SelfSource(
            number: sources.count, version: BuildVersion.version, spool: spool, sender: sender, writer: writer,
            loopCounts: { counts.value })
        sources.append((own, Self.selfEveryTicks))
        loop = CollectionLoop(
            grid: TickGrid(interval: configuration.scrapeInterval, agent: identity.agent), sources: sources,
            writer: writer, logger: logger,
            onClockStep: { await spool.startEpoch() })
        counts.loop = loop
        emergency = configuration.emergency.map { settings in
            EmergencyCaller(
                settings, cluster: identity.cluster, node: identity.node,
                aggregator: configuration.aggregators.first ?? "",
                circumstances: { await Self.circumstances(members, sender.status) }, logger: logger)
        }
        watches = members.map {
            MemberWatch(source: $0, interval: configuration.statusInterval, writer: writer)
        }
    }

    /// One for each member.
    private static func probes(
        _ configuration: AgentConfiguration, _ root: HostRoot, _ logger: Logger
    ) -> [WALProbe] {
        configuration.members.map { member in
            WALProbe(
                member: member.watched, directory: member.probeDirectory,
                ownDirectory: "\(configuration.stateDirectory)/wal-probe-\(member.clientPort)",
                options: configuration.diskProbe ?? ProbeOptions(), root: root, logger: logger)
        }
    }

    private static func desk(
        _ configuration: AgentConfiguration, _ identity: AgentIdentity, _ probes: [WALProbe], sender: BatchSender,
        spool: Spool, _ logger: Logger
    ) throws -> OrderDesk {
        let byMember = Dictionary(zip(configuration.members.map(\.name), probes)) { first, _ in first }
        return OrderDesk(
            authority: OrderDesk.Authority(
                agent: identity.agent, key: identity.commandKey,
                allowed: Set(configuration.commands.map(\.rawValue))),
            kinds: [DiskCheckOrder(probes: byMember)],
            executed: try ExecutedOrders(path: configuration.stateDirectory + "/orders.json"),
            line: OrderDesk.Line(
                epoch: { await spool.nextSlot.epoch }, now: { sender.aggregatorTime },
                exchange: { try await sender.exchange($0) }), logger: logger)
    }

    /// What an emergency rests on. An aggregator that refuses this agent is there, and tells of others.
    private static func circumstances(_ members: [EtcdSource], _ uplink: UplinkStatus) async -> Circumstances {
        var leaderless: [String: String] = [:]
        for member in members { leaderless[member.name] = await member.leaderTrouble }
        let isAway = uplink.awaySince != nil && !uplink.isRefused
        return Circumstances(aggregatorTrouble: isAway ? uplink.lastError : nil, leaderless: leaderless)
    }

    /// What the stream's sources are, as they are numbered: members, host, agent.
    private static func descriptors(_ configuration: AgentConfiguration, node: String) -> [SourceDescriptor] {
        var descriptors = configuration.members.map {
            SourceDescriptor(
                kind: .etcd, name: $0.name, port: UInt16(clamping: $0.clientPort),
                interval: configuration.scrapeInterval)
        }
        if configuration.watchesHost {
            descriptors.append(SourceDescriptor(kind: .host, name: node, interval: configuration.scrapeInterval))
        }
        descriptors.append(
            SourceDescriptor(
                kind: .agent, name: node, interval: configuration.scrapeInterval * Int(selfEveryTicks)))
        return descriptors
    }

    /// Runs until `shutdown` returns, or until something fails that cannot go on.
    func run(until shutdown: @escaping @Sendable () async -> Void) async throws {
        logger.info(
            "the agent runs",
            metadata: [
                "version": "\(BuildVersion.version)", "agent": "\(identity.agent)",
                "members": "\(configuration.members.map(\.name).joined(separator: ", "))",
                "aggregators": "\(configuration.aggregators.joined(separator: ", "))",
            ])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await shutdown()
                return true
            }
            group.addTask { try await keepGoing { try await sender.run() } }
            group.addTask { try await keepGoing { await writer.run() } }
            group.addTask { try await keepGoing { try await loop.run() } }
            if configuration.diskProbe != nil {
                for probe in probes { group.addTask { try await keepGoing { try await probe.run() } } }
            }
            group.addTask { try await keepGoing { try await desk.run() } }
            for watch in watches { group.addTask { try await keepGoing { try await watch.run() } } }
            if let emergency { group.addTask { try await keepGoing { try await emergency.run() } } }
            group.addTask { try await keepGoing { try await reportStatus() } }
            group.addTask { try await keepGoing { try await releaseMemory() } }
            group.addTask {
                await notifier.runWatchdog(while: { isAlive })
                return false
            }
            notifier.ready(status: statusLine)
            for try await isOver in group where isOver { break }
            notifier.stopping()
            group.cancelAll()
        }
        logger.info("the agent stops")
    }

    /// Cancellation is how services end; anything else ends the agent, and systemd starts it anew.
    private func keepGoing(_ body: () async throws -> Void) async throws -> Bool {
        do {
            try await body()
        } catch is CancellationError {
            return false
        }
        return false
    }

    /// Whether ticks go on.
    private var isAlive: Bool {
        guard let last = loop.counts.lastTick else { return true }
        return ContinuousClock.now - last < configuration.scrapeInterval * 3 + .seconds(10)
    }

    /// Once all has run once, and every now and then.
    private func releaseMemory() async throws {
        try await Task.sleep(for: .seconds(30))
        while true {
            MemoryTuning.release()
            try await Task.sleep(for: .seconds(600))
        }
    }

    private func reportStatus() async throws {
        while true {
            try await Task.sleep(for: .seconds(10))
            notifier.status(statusLine)
        }
    }

    /// One line for `systemctl status`.
    private var statusLine: String {
        let status = sender.status
        let members = "\(configuration.members.count) member\(configuration.members.count == 1 ? "" : "s")"
        if status.isRefused { return "Refused by the aggregator: \(status.lastError)" }
        if status.awaySince != nil { return "Measuring \(members); the aggregator is away: \(status.lastError)" }
        return "Measuring \(members); \(status.acknowledgedBatches) batches sent to \(status.aggregator)"
    }
}

/// Lets the sender wake the desk, though the desk asks through the sender.
private final class Announcement: Sendable {
    private let slot = Mutex<OrderDesk?>(nil)

    var desk: OrderDesk? {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}

/// Lets the agent's own source see the loop's counts, though the loop is made of the sources.
private final class LoopCounts: Sendable {
    private let slot = Mutex<CollectionLoop?>(nil)

    var loop: CollectionLoop? {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }

    var value: CollectionLoop.Counts { loop?.counts ?? CollectionLoop.Counts() }
}
