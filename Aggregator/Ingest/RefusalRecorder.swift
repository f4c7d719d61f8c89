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
/// log in an agent's name. What a known agent's id is named in is still told one by one, up to a bound per minute.
final class RefusalRecorder: Sendable {
    private struct Budget {
        var minute: Int64
        var left: Int
    }

    /// Entries per agent and minute that are told one by one.
    private static let entriesPerMinute = 20

    private let audit: AuditLog
    private let fleet: FleetService
    private let metrics: MetricRegistry
    private let logger: Logger
    private let budgets = Mutex<[AgentID: Budget]>([:])

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
        guard spend(agent.id, at: now) else {
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

    private func spend(_ id: AgentID, at now: Timestamp) -> Bool {
        let minute = now.milliseconds / 60_000
        return budgets.withLock { budgets in
            var budget = budgets[id] ?? Budget(minute: minute, left: Self.entriesPerMinute)
            if budget.minute != minute { budget = Budget(minute: minute, left: Self.entriesPerMinute) }
            defer { budgets[id] = budget }
            guard budget.left > 0 else { return false }
            budget.left -= 1
            return true
        }
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
