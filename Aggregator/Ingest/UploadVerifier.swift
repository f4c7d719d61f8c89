internal import AgentProtocol
internal import Cryptography
internal import FrameCodec
internal import Fleet
internal import MessageSignatures
internal import Model

/// A batch that is what it claims to be; whether it was stored before is not known yet.
struct VerifiedUpload: Sendable {
    var agent: AgentRecord
    var batch: Batch
    /// SHA-256 of the decompressed body: what makes a repetition one.
    var digest: [UInt8]
    /// The agent's clock minus ours, in whole seconds of `created`; transit included.
    var clockOffset: Duration
    /// What is said of members, by source number.
    var states: [(source: Int, state: MemberState)]
    var receivedAt: Timestamp

    /// What it takes in memory while it waits, roughly. A series of a decoded layout is some strings and arrays.
    var memoryBytes: Int {
        batch.items.reduce(batch.body.count + 256 * batch.items.count) { bytes, item in
            guard case .layout(_, let additions) = item else { return bytes }
            return bytes + 640 * additions.series.count
        }
    }
}

/// A refusal, and how sure it is who is refused.
struct Refusal: Error, Sendable {
    var problem: Problem
    /// Whom the request names; nil if nobody that is known.
    var claimed: AgentRecord?
    /// Whether the signature proved it.
    var isProven = false
    /// Which batch, if it was read so far.
    var header: BatchHeader?

    /// The same refusal, of `agent` itself.
    func proven(_ agent: AgentRecord) -> Refusal {
        Refusal(problem: problem, claimed: agent, isProven: true, header: header)
    }
}

/// Checks a posted batch by itself, cheapest first. Pure but for asking who the agent is.
struct UploadVerifier: Sendable {
    let limits: IngestLimits
    /// Who has this id; nil for a stranger.
    let agent: @Sendable (AgentID) -> AgentRecord?

    /// Everything that can be known without the database.
    func verify(_ request: UploadRequest, at now: Timestamp) throws(Refusal) -> VerifiedUpload {
        guard request.body.count <= AgentProtocol.bodyLimit else {
            throw refusal(.bodyTooLarge, "\(request.body.count) bytes; the limit is \(AgentProtocol.bodyLimit)")
        }
        guard request.header("content-type") == AgentProtocol.batchMediaType,
            request.header("content-encoding") == AgentProtocol.batchContentEncoding
        else {
            throw refusal(
                .badRequest,
                "a batch is \(AgentProtocol.batchMediaType), compressed with \(AgentProtocol.batchContentEncoding)")
        }
        let (agent, clockOffset) = try authenticate(
            request, tag: AgentProtocol.batchTag, components: AgentProtocol.batchComponents, at: now)
        do {
            let batch = try decode(request, of: agent)
            let states = try self.states(batch)
            try checkTimes(batch, at: now)
            return VerifiedUpload(
                agent: agent, batch: batch, digest: SHA256.digest(batch.body), clockOffset: clockOffset,
                states: states, receivedAt: now)
        } catch {
            throw error.proven(agent)
        }
    }

    /// Who asks what the ledger lacks, and about what.
    func verifyQuestion(
        _ request: UploadRequest, at now: Timestamp
    ) throws(Refusal) -> (agent: AgentRecord, question: LedgerQuestion) {
        try verifyQuestion(
            request, limit: AgentProtocol.ledgerBodyLimit, tag: AgentProtocol.ledgerTag, at: now,
            LedgerQuestion.init(json:))
    }

    /// Who asks for orders, and says what of those before.
    func verifyCommands(
        _ request: UploadRequest, at now: Timestamp
    ) throws(Refusal) -> (agent: AgentRecord, question: CommandQuestion) {
        try verifyQuestion(
            request, limit: AgentProtocol.commandsBodyLimit, tag: AgentProtocol.commandsTag, at: now,
            CommandQuestion.init(json:))
    }

    private func verifyQuestion<Question>(
        _ request: UploadRequest, limit: Int, tag: String, at now: Timestamp,
        _ read: ([UInt8]) throws(ProtocolError) -> Question
    ) throws(Refusal) -> (agent: AgentRecord, question: Question) {
        guard request.body.count <= limit else {
            throw refusal(.bodyTooLarge, "\(request.body.count) bytes; the limit is \(limit)")
        }
        let (agent, _) = try authenticate(request, tag: tag, components: AgentProtocol.ledgerComponents, at: now)
        do throws(ProtocolError) {
            return (agent, try read(request.body))
        } catch {
            throw Refusal(problem: Problem(.badRequest, error.message)).proven(agent)
        }
    }

    /// Who signed `request`, and how far his clock is from ours.
    private func authenticate(
        _ request: UploadRequest, tag: String, components: [String], at now: Timestamp
    ) throws(Refusal) -> (agent: AgentRecord, clockOffset: Duration) {
        let signature: UnverifiedSignature
        do {
            signature = try MessageVerifier(tag: tag, required: components).read(request.parts)
        } catch {
            throw refusal(.badSignature, error.message)
        }
        let agent = try find(signature.keyID)
        try check(signature, of: agent, request)
        guard agent.isActive else {
            throw refusal(.revokedAgent, "this agent was revoked; enrol the node again", of: agent).proven(agent)
        }
        return (agent, try age(signature, of: agent, at: now))
    }

    private func refusal(_ code: ProblemCode, _ detail: String, of agent: AgentRecord? = nil) -> Refusal {
        Refusal(problem: Problem(code, detail), claimed: agent)
    }

    private func find(_ keyID: String) throws(Refusal) -> AgentRecord {
        guard let id = AgentID(keyID), let agent = agent(id) else {
            throw refusal(.unknownAgent, "no agent has this id; enrol it")
        }
        return agent
    }

    private func check(
        _ signature: UnverifiedSignature, of agent: AgentRecord, _ request: UploadRequest
    ) throws(Refusal) {
        do {
            try ContentDigest.check(request.header("content-digest") ?? "", body: request.body)
        } catch {
            throw refusal(.digestMismatch, error.message, of: agent)
        }
        do {
            try signature.verify(with: Ed25519PublicKey(raw: agent.publicKey))
        } catch {
            throw refusal(.badSignature, "the signature was not made by this agent's key over this request", of: agent)
        }
    }

    /// How far the agent's clock is from ours, by its signature.
    private func age(
        _ signature: UnverifiedSignature, of agent: AgentRecord, at now: Timestamp
    ) throws(Refusal) -> Duration {
        let created = Timestamp(seconds: Double(signature.created))
        // Signed in whole seconds: on average half a second has passed.
        let offset = created + .milliseconds(500) - now
        guard abs(offset.milliseconds) <= AgentProtocol.signatureAge.milliseconds else {
            let problem = Problem(
                .staleSignature, "signed \(abs(offset.milliseconds) / 1000) s away from the aggregator's clock",
                serverTime: now)
            throw Refusal(problem: problem, claimed: agent, isProven: true)
        }
        return offset
    }

    private func decode(_ request: UploadRequest, of agent: AgentRecord) throws(Refusal) -> Batch {
        let batch: Batch
        do {
            let body = try Compression.decompress(request.body, limit: AgentProtocol.decompressedLimit)
            batch = try Batch.decode(body)
        } catch {
            throw refusal(error.code == .tooLarge ? .decompressionTooLarge : .malformedBatch, error.description)
        }
        guard batch.header.agent == agent.id else {
            throw Refusal(
                problem: Problem(.wrongAgent, "the body is of agent \(batch.header.agent)"), header: batch.header)
        }
        return batch
    }

    private func states(_ batch: Batch) throws(Refusal) -> [(source: Int, state: MemberState)] {
        var states: [(source: Int, state: MemberState)] = []
        for case .state(let source, let json) in batch.items {
            do {
                states.append((source, try MemberState(json: json)))
            } catch {
                throw Refusal(problem: Problem(.malformedBatch, error.message), header: batch.header)
            }
        }
        return states
    }

    private func checkTimes(_ batch: Batch, at now: Timestamp) throws(Refusal) {
        guard let span = batch.span else { return }
        guard span.upperBound - span.lowerBound <= limits.span else {
            throw Refusal(
                problem: Problem(.malformedBatch, "scrapes too far apart for one batch"), header: batch.header)
        }
        let allowed = (now - limits.retention)...(now + limits.future)
        guard allowed.contains(span.lowerBound), allowed.contains(span.upperBound) else {
            let detail =
                span.upperBound > allowed.upperBound
                ? "a scrape from \((span.upperBound - now).components.seconds) s in the future"
                : "a scrape older than what is kept"
            throw Refusal(problem: Problem(.impossibleTimestamp, detail), header: batch.header)
        }
    }
}
