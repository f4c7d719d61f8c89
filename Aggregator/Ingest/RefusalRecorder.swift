internal import Access
internal import AgentProtocol
internal import Fleet
internal import FrameCodec
internal import Logging
internal import Model
internal import SelfMetrics
internal import Synchronization

/// Counts every refusal, audits known agents' one by one and strangers' in sum.
///
/// Whoever has not proven to be an agent is a stranger, whatever id the request names: else anyone could fill the audit
/// log in an agent's name. What a known agent does, or what is said in agents' names, is still told one by one, up to
/// a bound per minute and day.
final class RefusalRecorder: Sendable {
    /// Entries that may still be told one by one.
    private struct Budget {
        static let perMinute = 20
        static let perDay = 200

        private var minute: Int64 = 0
        private var day: Int64 = 0
        private var leftInMinute = perMinute
        private var leftInDay = perDay

        mutating func spend(at now: Timestamp) -> Bool {
            let (minute, day) = (now.milliseconds / 60_000, now.milliseconds / 86_400_000)
            if minute != self.minute { (self.minute, leftInMinute) = (minute, Self.perMinute) }
            if day != self.day { (self.day, leftInDay) = (day, Self.perDay) }
            guard leftInMinute > 0, leftInDay > 0 else { return false }
            leftInMinute -= 1
            leftInDay -= 1
            return true
        }
    }

    /// Of agents that proved to be themselves by id; all that was said in agents' names has one together (nil).
    private typealias Budgets = [AgentID?: Budget]

    private let audit: AuditLog
    private let fleet: FleetService
    private let metrics: MetricRegistry
    private let logger: Logger
    private let budgets = Mutex<Budgets>([:])

    init(audit: AuditLog, fleet: FleetService, metrics: MetricRegistry, logger: Logger) {
        self.audit = audit
        self.fleet = fleet
        self.metrics = metrics
        self.logger = logger
    }

    func record(_ refusal: Refusal, from peer: String, at now: Timestamp) async {
        let code = refusal.problem.code
        metrics.counter(
            "etcd_monitor_aggregator_refused_total", help: "Batches and enrolments refused, by reason.",
            labels: ["reason": code.rawValue]
        ).add()
        guard let agent = refusal.claimed else {
            audit.count(stranger: peer, reason: code.rawValue)
            return
        }
        if refusal.isProven { fleet.noteRefused(agent.id, at: now, reason: "\(code.title): \(refusal.problem.detail)") }
        guard Self.isViolation(code) else { return }
        guard spend(refusal.isProven ? agent.id : nil, at: now) else {
            audit.count(stranger: peer, reason: "\(code.rawValue) in the name of agent \(agent.id)")
            return
        }
        await append(refusal, agent, peer)
    }

    /// Whether it is against the rules, and not merely late, early or out of step.
    private static func isViolation(_ code: ProblemCode) -> Bool {
        switch code {
        case .staleSignature, .missingContext, .overloaded, .internal: false
        default: true
        }
    }

    private func spend(_ id: AgentID?, at now: Timestamp) -> Bool {
        budgets.withLock { $0[id, default: Budget()].spend(at: now) }
    }

    private func append(_ refusal: Refusal, _ agent: AgentRecord, _ peer: String) async {
        let object = refusal.header.map { "\($0.epoch)/\($0.sequence)" } ?? ""
        let proof = refusal.isProven ? "" : " (not proven to be this agent)"
        do {
            try await audit.append(
                AuditEvent(
                    actor: "agent \(agent.id)", address: peer, action: "batch", object: object, cluster: agent.cluster,
                    outcome: .refused, reason: "\(refusal.problem.code.rawValue): \(refusal.problem.detail)\(proof)"))
        } catch {
            logger.warning(
                "a refusal could not be audited",
                metadata: [
                    "cluster": "\(agent.cluster)", "node": "\(agent.node)",
                    "reason": "\(refusal.problem.code.rawValue)",
                    "error": "\(String(reflecting: error))",
                ])
        }
    }
}
