internal import AgentProtocol
internal import EtcdClient
internal import Logging
internal import Model
internal import PrometheusText
internal import WALProbe

/// One etcd member: its metrics, its state, and how long reads take. A member that is down, slow or answers garbage is
/// an answer too: `up` 0 with a reason.
actor EtcdSource: ScrapeSource {
    nonisolated let number: Int
    /// The member's name in the configuration.
    nonisolated let name: String
    private let client: EtcdClient
    private let logger: Logger
    private let deadlines: Deadlines
    private let versions: KnownVersions
    private var parser = ExpositionParser()
    private var board = SampleBoard()
    private var series: EtcdSeries
    private let probe: WALProbe?
    private var probeSeries = ProbeSeries()
    private var vitals = VitalsReader()
    private var observation = MemberObservation()
    private var readFailures: [EtcdClient.ReadKind: Double] = [:]
    private var lastFailure: EtcdError.Code?

    /// How long each question may take.
    struct Deadlines: Sendable {
        /// The metrics of a tick.
        var scrape: Duration
        /// The metrics after a change.
        var urgentScrape: Duration
        /// Status, every second.
        var status: Duration
        /// Member list and timed reads.
        var read: Duration

        /// Everything fits into the interval, with room for the batch.
        init(scrapeInterval: Duration, statusInterval: Duration) {
            scrape = min(scrapeInterval * 0.8, .seconds(10))
            urgentScrape = min(scrapeInterval * 0.4, .milliseconds(500))
            status = min(statusInterval, .seconds(1))
            read = min(scrapeInterval * 0.5, .seconds(2))
        }
    }

    /// - Parameter probe: of the member's WAL: told what is known of the member, and read with it.
    init(
        number: Int, name: String, node: String, client: EtcdClient, deadlines: Deadlines, versions: KnownVersions,
        probe: WALProbe? = nil, logger: Logger
    ) {
        self.probe = probe
        self.number = number
        self.name = name
        self.client = client
        self.deadlines = deadlines
        self.versions = versions
        self.logger = logger
        series = EtcdSeries(member: name, node: node)
    }

    func scrape(at timestamp: Timestamp) async -> Scrape {
        await scrape(at: timestamp, isUrgent: false)
    }

    /// Metrics and state only, quickly: something has changed and should be known at once.
    func scrapeUrgently(at timestamp: Timestamp) async -> Scrape {
        await scrape(at: timestamp, isUrgent: true)
    }

    /// Why nobody leads, as far as this member can tell; nil while somebody does.
    var leaderTrouble: String? { observation.leaderTrouble }

    /// Asks for Status; true if something changed that should be known at once.
    func refreshStatus() async -> Bool {
        defer { tellProbe(areMetricsFresh: false) }
        do throws(EtcdError) {
            let status = try await client.status(deadline: deadlines.status)
            versions[name] = status.version
            return observation.note(status)
        } catch {
            return observation.note(error)
        }
    }

    private func scrape(at timestamp: Timestamp, isUrgent: Bool) async -> Scrape {
        if !observation.isSettled { _ = await refreshStatus() }
        let clock = ContinuousClock()
        let started = clock.now
        async let metrics = self.metrics(deadline: isUrgent ? deadlines.urgentScrape : deadlines.scrape)
        async let list = memberList()
        async let serializable = isUrgent ? nil : time(.serializable)
        async let linearizable = isUrgent ? nil : time(.linearizable)
        let answer = await metrics
        let duration = clock.now - started
        let found = await list
        let reads = [(EtcdClient.ReadKind.serializable, await serializable), (.linearizable, await linearizable)]
        if let found { _ = observation.note(found) }

        board.begin()
        var failure: EtcdError?
        switch answer {
        case .success(let body): failure = parse(body)
        case .failure(let error): failure = error
        }
        if failure != nil {
            board.begin()
            // The round ends with every series stale: lines that did not change must be read anew, not kept.
            parser = ExpositionParser()
        }
        log(failure)
        series.setScrape(failure: failure?.code, seconds: duration.fractionalSeconds, in: &board)
        for (kind, result) in reads { set(kind, result) }
        series.set(observation, in: &board)
        tellProbe(areMetricsFresh: failure == nil)
        if let probe { probeSeries.set(probe.report, in: &board) }
        board.end()
        return Scrape(source: number, timestamp: timestamp, board: board, state: observation.state.json)
    }

    private func metrics(deadline: Duration) async -> Result<[UInt8], EtcdError> {
        do throws(EtcdError) {
            return .success(try await client.metrics(deadline: deadline))
        } catch {
            return .failure(error)
        }
    }

    private func tellProbe(areMetricsFresh: Bool) {
        guard let probe else { return }
        probe.note(vitals.vitals(observation, board, areMetricsFresh: areMetricsFresh))
    }

    private func memberList() async -> EtcdMembers? {
        // Without an answer the last list stays; that the member is down is told by Status and metrics.
        try? await client.members(deadline: deadlines.read)
    }

    private func time(_ kind: EtcdClient.ReadKind) async -> Result<Duration, EtcdError>? {
        do throws(EtcdError) {
            return .success(try await client.timeRead(kind, deadline: deadlines.read))
        } catch {
            return .failure(error)
        }
    }

    private func parse(_ body: [UInt8]) -> EtcdError? {
        do throws(ExpositionError) {
            try parser.parse(body, into: &board)
        } catch {
            return EtcdError(.garbage, "metrics: \(error)")
        }
        if let start = series.processStart(in: board) {
            _ = observation.note(processStart: Timestamp(seconds: start))
        }
        return nil
    }

    private func set(_ kind: EtcdClient.ReadKind, _ result: Result<Duration, EtcdError>?) {
        switch result {
        case .success(let duration): series.setRead(kind, seconds: duration.fractionalSeconds, in: &board)
        case .failure(let error) where error.code != .cancelled: readFailures[kind, default: 0] += 1
        case .failure: break
        case nil: series.keepRead(kind, in: &board)
        }
        series.setReadFailures(kind, readFailures[kind] ?? 0, in: &board)
    }

    /// Says once when a member stops answering, and once when it answers again.
    private func log(_ failure: EtcdError?) {
        guard failure?.code != lastFailure else { return }
        lastFailure = failure?.code
        if let failure {
            logger.warning(
                "a member's metrics cannot be read", metadata: ["member": "\(name)", "reason": "\(failure)"])
        } else {
            logger.info("a member's metrics are read", metadata: ["member": "\(name)"])
        }
    }
}
