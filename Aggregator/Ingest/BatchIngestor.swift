public import Access
public import AgentProtocol
internal import FrameCodec
public import Fleet
public import Logging
public import Model
public import Postgres
public import SelfMetrics
public import SeriesStore
public import ServiceLifecycle

/// Takes batches: verifies each, commits them in groups, and answers.
public final class BatchIngestor: Service, CustomStringConvertible {
    private let fleet: FleetService
    private let limits: IngestLimits
    private let clock: WallClock
    private let logger: Logger
    private let verifier: UploadVerifier
    private let contexts: StreamContexts
    private let writer: BatchWriter
    private let queue: CommitQueue
    private let ledger: Ledger
    private let recorder: RefusalRecorder
    private let numbers: IngestMetrics
    private let stateChanged: @Sendable (Timestamp) -> Void

    /// - Parameters:
    ///   - store: gets what is committed before it is acknowledged.
    ///   - stateChanged: called when a member's state changed, with the newest sample's time.
    public init(
        pool: PostgresPool, store: SeriesStore, fleet: FleetService, audit: AuditLog, metrics: MetricRegistry,
        limits: IngestLimits = IngestLimits(), clock: WallClock = .system, logger: Logger,
        stateChanged: @escaping @Sendable (Timestamp) -> Void
    ) {
        self.fleet = fleet
        self.limits = limits
        self.clock = clock
        self.logger = logger
        self.stateChanged = stateChanged
        verifier = UploadVerifier(limits: limits) { fleet.agent($0) }
        contexts = StreamContexts(store: store)
        writer = BatchWriter(pool: pool, store: store)
        ledger = Ledger(pool: pool)
        let queue = CommitQueue(maximumCount: limits.queueLength, maximumBytes: limits.queueBytes)
        self.queue = queue
        recorder = RefusalRecorder(audit: audit, fleet: fleet, metrics: metrics, logger: logger)
        numbers = IngestMetrics(metrics, queueLength: { Double(queue.count) }, queueBytes: { Double(queue.bytes) })
    }

    public var description: String { "BatchIngestor" }

    /// What an agent that is told to wait should wait.
    public var retryAfter: Duration { limits.retryAfter }

    /// Returns once `request`'s batch is committed, or was before.
    ///
    /// - Returns: whose it is.
    /// - Throws: the problem to answer with; it is counted and audited already.
    @discardableResult
    public func ingest(_ request: UploadRequest) async throws(Problem) -> AgentID {
        let now = clock.now
        do throws(Refusal) {
            let upload = try await verify(request, at: now)
            numbers.received(bytes: request.body.count)
            let bytes = upload.memoryBytes
            guard queue.reserve(bytes) else {
                throw Refusal(problem: CommitQueue.full, header: upload.batch.header).proven(upload.agent)
            }
            defer { queue.release(bytes) }
            try await checkContext(upload)
            if case .failure(let problem) = await queue.submit(upload) {
                throw Refusal(problem: problem, header: upload.batch.header).proven(upload.agent)
            }
            return upload.agent.id
        } catch {
            await recorder.record(error, from: request.peer, at: now)
            throw error.problem
        }
    }

    /// Who asks for orders, and what he reports.
    ///
    /// - Throws: the problem to answer with; it is counted and audited already.
    public func commandQuestion(
        _ request: UploadRequest
    ) async throws(Problem) -> (agent: AgentRecord, question: CommandQuestion) {
        let now = clock.now
        do throws(Refusal) {
            return try verifier.verifyCommands(request, at: now)
        } catch {
            await recorder.record(error, from: request.peer, at: now)
            throw error.problem
        }
    }

    /// Says which of the batches that an agent holds are not in the ledger.
    ///
    /// - Throws: the problem to answer with; it is counted and audited already.
    public func answer(_ request: UploadRequest) async throws(Problem) -> LedgerAnswer {
        let now = clock.now
        do throws(Refusal) {
            let (agent, question) = try verifier.verifyQuestion(request, at: now)
            do {
                let lacking = try await ledger.lacking(question.held, of: agent.number)
                if let first = lacking.first {
                    logger.warning(
                        "an agent holds batches that are not in the database, which may have been restored; it sends them again",
                        metadata: [
                            "cluster": "\(agent.cluster)", "node": "\(agent.node)", "ranges": "\(lacking.count)",
                            "epoch": "\(first.epoch)", "sequence": "\(first.sequences.lowerBound)",
                        ])
                }
                return LedgerAnswer(lacking: lacking)
            } catch {
                logger.warning("the ledger could not be read", metadata: ["error": "\(String(reflecting: error))"])
                throw Refusal(problem: Self.unavailable).proven(agent)
            }
        } catch {
            await recorder.record(error, from: request.peer, at: now)
            throw error.problem
        }
    }

    private func verify(_ request: UploadRequest, at now: Timestamp) async throws(Refusal) -> VerifiedUpload {
        do {
            return try verifier.verify(request, at: now)
        } catch {
            // Enrolled by another aggregator a moment ago?
            guard error.problem.code == .unknownAgent, await fleet.lookForNewAgents() else { throw error }
            return try verifier.verify(request, at: now)
        }
    }

    private func checkContext(_ upload: VerifiedUpload) async throws(Refusal) {
        let header = upload.batch.header
        do {
            try await contexts.check(upload.batch, of: upload.agent.number, at: upload.receivedAt)
        } catch let error as CodecError {
            let code: ProblemCode = error.code == .missingContext ? .missingContext : .malformedBatch
            throw Refusal(problem: Problem(code, error.description), header: header).proven(upload.agent)
        } catch {
            logger.warning("a stream's context could not be read", metadata: ["error": "\(String(reflecting: error))"])
            throw Refusal(problem: Self.unavailable, header: header).proven(upload.agent)
        }
    }

    private static let unavailable = Problem(.overloaded, "the database cannot be reached now")
}

// MARK: - Committing

extension BatchIngestor {
    /// Commits groups until shutdown; what waits then is still committed.
    public func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isCancelled {
                do { try await queue.waitForArrival() } catch { break }
                let group = queue.take(limits.groupSize)
                if group.isEmpty {
                    if Task.isShuttingDownGracefully { break }
                    continue
                }
                await commit(group)
                // Others arrive meanwhile and share the next transaction.
                if queue.count < limits.groupSize {
                    // Cancelled: the queue is emptied without waiting.
                    try? await Task.sleep(for: limits.gathering)
                }
            }
        } onGracefulShutdown: {
            self.queue.close()
        }
        while case let group = queue.take(limits.groupSize), !group.isEmpty { await commit(group) }
    }

    /// Commits `group`, in halves if it fails as a whole.
    private func commit(_ group: [CommitQueue.Waiting]) async {
        let started = ContinuousClock.now
        do {
            let outcomes = try await writer.write(group.map(\.upload))
            numbers.committed(group.count, took: ContinuousClock.now - started)
            await settle(group, outcomes)
        } catch {
            await fail(group, error)
        }
    }

    private func fail(_ group: [CommitQueue.Waiting], _ error: any Error) async {
        let database = error as? PostgresError
        logger.warning(
            "a group of batches could not be committed",
            metadata: ["batches": "\(group.count)", "error": "\(String(reflecting: error))"])
        if database?.code == .statement, database?.isTransient == false, group.count > 1 {
            await commit(Array(group[..<(group.count / 2)]))
            await commit(Array(group[(group.count / 2)...]))
            return
        }
        // Class 22 is about the data itself: the same batch will never be taken.
        let isItsFault = group.count == 1 && database?.sqlState?.hasPrefix("22") == true
        let problem =
            isItsFault
            ? Problem(.malformedBatch, "the database cannot hold what this batch says")
            : database?.isTransient == false && database?.code == .statement
                ? Problem(.internal, "this batch could not be stored") : Self.unavailable
        for waiting in group { waiting.continuation.resume(returning: .failure(problem)) }
    }

    private func settle(_ group: [CommitQueue.Waiting], _ outcomes: [BatchWriter.Outcome]) async {
        let stored = zip(group, outcomes).filter { $0.1 == .stored }.map(\.0.upload)
        let rows = zip(group, outcomes).filter { $0.1 == .stored || $0.1 == .renewed }.map(\.0.upload)
        contexts.admit(rows.map { ($0.agent.number, $0.batch) }, at: clock.now)
        await noteStates(stored)
        for (waiting, outcome) in zip(group, outcomes) {
            numbers.settled(outcome)
            if outcome == .conflicting {
                let header = waiting.upload.batch.header
                let problem = Problem(
                    .conflictingSequence, "sequence \(header.sequence) was stored before with other content")
                waiting.continuation.resume(returning: .failure(problem))
                continue
            }
            note(waiting.upload, isNew: outcome == .stored)
            waiting.continuation.resume(returning: .success(()))
        }
    }

    private func note(_ upload: VerifiedUpload, isNew: Bool) {
        let header = upload.batch.header
        fleet.noteAccepted(
            upload.agent.id, at: upload.receivedAt, epoch: header.epoch, sequence: header.sequence,
            newestSample: upload.batch.span?.upperBound, clockOffset: upload.clockOffset)
        guard isNew else { return }
        var (reports, dropped) = ([DropReport](), UInt64(0))
        for case .drop(let report) in upload.batch.items {
            reports.append(report)
            dropped = dropped.addingReportingOverflow(report.batches).partialValue
        }
        guard !reports.isEmpty else { return }
        numbers.dropped(dropped)
        logger.warning(
            "an agent could not keep all it measured",
            metadata: [
                "cluster": "\(upload.agent.cluster)", "node": "\(upload.agent.node)", "batches": "\(dropped)",
                "reason": "\(Set(reports.map { "\($0.reason)" }).sorted().joined(separator: ", "))",
            ])
    }

    private func noteStates(_ stored: [VerifiedUpload]) async {
        let opinions = stored.flatMap(opinions)
        guard let newest = opinions.map(\.observedAt).max() else { return }
        await fleet.apply(opinions)
        stateChanged(newest)
    }

    private func opinions(of upload: VerifiedUpload) -> [MemberOpinion] {
        let key = StreamContexts.Key(agent: upload.agent.number, epoch: upload.batch.header.epoch)
        return upload.states.compactMap { source, state in
            guard let descriptor = contexts.descriptor(key, source), descriptor.kind == .etcd else { return nil }
            return MemberOpinion(
                state, of: descriptor, from: upload.agent, observedAt: upload.batch.header.madeAt,
                receivedAt: upload.receivedAt)
        }
    }
}

extension MemberOpinion {
    /// What `agent` says of its source `descriptor`.
    init(
        _ state: MemberState, of descriptor: SourceDescriptor, from agent: AgentRecord, observedAt: Timestamp,
        receivedAt: Timestamp
    ) {
        self.init(
            key: Key(agent: agent.id, source: descriptor.name), cluster: agent.cluster, node: agent.node,
            instance: "\(agent.node):\(descriptor.port)", observedAt: observedAt, receivedAt: receivedAt, state: state)
    }
}
