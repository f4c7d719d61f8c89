internal import AsyncSupport
public import FleetHealth
public import Logging
public import Model
public import PromQL
public import ServiceLifecycle
internal import Synchronization

/// Judges each cluster that has something wrong every ten seconds, any cluster on request, and keeps what it found as
/// incidents. A cluster in order costs nothing.
public final class VerdictService: Service, CustomStringConvertible {
    private let health: FleetHealthService
    private let reader: SceneReader
    private let incidents: IncidentStore
    private let explanations: Explanations
    private let suspects: @Sendable () async -> Set<String>
    private let clock: WallClock
    private let logger: Logger
    private let latest = Mutex<[String: Verdict]>([:])

    /// - Parameters:
    ///   - explanations: where the sentences are kept for whoever tells of them.
    ///   - window: over which a reading is taken: some scrapes long, and short enough that a fault fills it.
    ///   - suspects: the names of clusters that have an alert, pending ones too.
    public init(
        health: FleetHealthService, engine: PromQLEngine, incidents: IncidentStore, explanations: Explanations,
        window: Duration = .seconds(60),
        suspects: @escaping @Sendable () async -> Set<String>, clock: WallClock = .system, logger: Logger
    ) {
        self.health = health
        reader = SceneReader(engine: engine, window: max(5, Int(window.components.seconds)))
        self.incidents = incidents
        self.explanations = explanations
        self.suspects = suspects
        self.clock = clock
        self.logger = logger
    }

    public var description: String { "VerdictService" }

    /// The verdict on `cluster` at `at`, or now; nil if nothing is slow or there is no such cluster.
    ///
    /// Of the past only the series are known: who led and who was down is told as of now.
    public func verdict(on cluster: String, at: Timestamp? = nil) async throws(QueryError) -> Verdict? {
        guard let detail = health.detail(cluster) else { return nil }
        return Judge.verdict(on: try await reader.scene(of: detail, at: at ?? clock.now))
    }

    /// Judges until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var ticker = Ticker(every: .seconds(10), clock: ContinuousClock())
            // Cancelled: shutdown.
            while (try? await ticker.next()) != nil { await self.judge() }
        }
    }

    /// One round over all clusters that have something wrong.
    public func judge() async {
        let alarmed = await suspects()
        for detail in health.details {
            let name = detail.summary.name
            let isSuspect =
                alarmed.contains(name) || detail.summary.status == .degraded || detail.summary.status == .critical
            var found: Verdict?
            if isSuspect, detail.summary.status != .maintenance {
                do {
                    found = Judge.verdict(on: try await reader.scene(of: detail, at: clock.now))
                } catch {
                    logger.warning("no verdict", metadata: ["cluster": "\(name)", "error": "\(error.message)"])
                    continue
                }
            }
            let isNew = latest.withLock { latest in
                defer { latest[name] = found }
                return latest[name]?.sentence != found?.sentence
            }
            if explanations.set(Self.cause(found), on: name) { health.wake() }
            await keep(found, of: name)
            if isNew { log(found, of: name) }
        }
    }

    /// What the fleet page says: a guess is no cause.
    private static func cause(_ verdict: Verdict?) -> String? {
        guard let verdict, verdict.culprit != .notSure, verdict.confidence > .low else { return nil }
        return verdict.sentence
    }

    private func keep(_ verdict: Verdict?, of cluster: String) async {
        do {
            try await incidents.keep(verdict, of: cluster, at: clock.now)
        } catch {
            logger.warning(
                "an incident could not be kept",
                metadata: ["cluster": "\(cluster)", "error": "\(String(reflecting: error))"])
        }
    }

    private func log(_ verdict: Verdict?, of cluster: String) {
        guard let verdict else { return logger.notice("the verdict is lifted", metadata: ["cluster": "\(cluster)"]) }
        logger.notice(
            "\(verdict.sentence)",
            metadata: [
                "cluster": "\(cluster)", "culprit": "\(verdict.culprit.rawValue)",
                "confidence": "\(verdict.confidence.rawValue)",
            ])
    }
}
