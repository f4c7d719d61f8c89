public import Access
public import AgentProtocol
internal import Cryptography
public import Fleet
public import Logging
internal import MessageSignatures
public import Model
public import SelfMetrics

/// Enrols agents: checks that the asker holds the key it asks for, then lets Fleet spend the token. Every attempt that
/// names a real token is audited.
public struct EnrolmentDesk: Sendable {
    private let fleet: FleetService
    private let audit: AuditLog
    private let metrics: MetricRegistry
    private let clock: WallClock
    private let logger: Logger
    private let commandKey: [UInt8]?

    /// A desk for `fleet`.
    /// - Parameter commandKey: what agents are to verify orders with; 32 bytes.
    public init(
        fleet: FleetService, audit: AuditLog, metrics: MetricRegistry, commandKey: [UInt8]? = nil,
        clock: WallClock = .system, logger: Logger
    ) {
        self.commandKey = commandKey
        self.fleet = fleet
        self.audit = audit
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
    }

    /// Enrols who posted `request`.
    ///
    /// - Throws: the problem to answer with; it is counted and audited already.
    public func enrol(_ request: UploadRequest) async throws(Problem) -> EnrolmentResponse {
        do {
            let wish = try read(request)
            let outcome = try await fleet.enrol(
                Enrolment(
                    token: wish.token, node: wish.node, publicKey: wish.publicKey, agentVersion: wish.agentVersion))
            try await note(outcome, from: request.peer)
            return EnrolmentResponse(
                agentID: outcome.agent.id, cluster: outcome.agent.cluster, node: outcome.agent.node,
                commandKey: commandKey)
        } catch let problem as Problem {
            await refuse(problem, reason: problem.detail, node: nil, request.peer)
            throw problem
        } catch let error as FleetError {
            let problem = Problem(Self.code(of: error.code), error.message)
            // It was read once already; what cannot be read again names no node.
            await refuse(problem, reason: error.message, node: try? read(request).node, request.peer, error.code)
            throw problem
        } catch {
            logger.error("an enrolment failed", metadata: ["error": "\(String(reflecting: error))"])
            throw Problem(.overloaded, "the database cannot be reached now")
        }
    }

    /// The wish, once digest and signature fit the key it names.
    private func read(_ request: UploadRequest) throws(Problem) -> EnrolmentRequest {
        do {
            try ContentDigest.check(request.header("content-digest") ?? "", body: request.body)
        } catch {
            throw Problem(.digestMismatch, error.message)
        }
        let wish: EnrolmentRequest
        do {
            wish = try EnrolmentRequest(json: request.body)
        } catch {
            throw Problem(.badRequest, error.message)
        }
        let verifier = MessageVerifier(
            tag: AgentProtocol.enrolmentTag, required: AgentProtocol.enrolmentComponents)
        do {
            let signature = try verifier.read(request.parts)
            guard signature.keyID == AgentProtocol.enrolmentKeyID else {
                throw Problem(.badSignature, "keyid must be \(AgentProtocol.enrolmentKeyID)")
            }
            try signature.verify(with: try Ed25519PublicKey(raw: wish.publicKey))
            try checkAge(Timestamp(seconds: Double(signature.created)))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.badSignature, "the request is not signed by the key it asks for")
        }
        return wish
    }

    private func checkAge(_ created: Timestamp) throws(Problem) {
        let now = clock.now
        guard abs((created - now).milliseconds) <= AgentProtocol.signatureAge.milliseconds else {
            throw Problem(
                .staleSignature,
                "signed \(abs((created - now).milliseconds) / 1000) s away from the aggregator's clock",
                serverTime: now)
        }
    }

    private static func code(of code: FleetError.Code) -> ProblemCode {
        switch code {
        case .tokenUnknown, .tokenUsed, .tokenExpired, .wrongNode: .badToken
        case .nodeTaken: .nodeTaken
        case .keyTaken, .badName, .notFound: .badRequest
        }
    }

    private func note(_ outcome: EnrolmentOutcome, from peer: String) async throws {
        let agent = outcome.agent
        try await audit.append(
            AuditEvent(
                actor: "agent \(agent.id)", address: peer, action: "enrol", object: agent.node, cluster: agent.cluster,
                reason: outcome.replaced.map { "in place of agent \($0)" } ?? ""))
        logger.notice(
            "agent enrolled",
            metadata: ["cluster": "\(agent.cluster)", "node": "\(agent.node)", "agent": "\(agent.id)"])
    }

    private func refuse(
        _ problem: Problem, reason: String, node: String?, _ peer: String, _ code: FleetError.Code? = nil
    ) async {
        metrics.counter(
            "etcd_monitor_aggregator_refused_total", help: "Batches and enrolments refused, by reason.",
            labels: ["reason": problem.code.rawValue]
        ).add()
        // Without a real token anyone may knock: counted. With one, an operator made it: told one by one.
        guard let code, code != .tokenUnknown else { return audit.count(stranger: peer, reason: problem.code.rawValue) }
        do {
            try await audit.append(
                AuditEvent(
                    actor: "stranger", address: peer, action: "enrol", object: node ?? "", outcome: .refused,
                    reason: "\(code.rawValue): \(reason)"))
        } catch {
            logger.warning("a refusal could not be audited", metadata: ["error": "\(String(reflecting: error))"])
        }
    }
}
