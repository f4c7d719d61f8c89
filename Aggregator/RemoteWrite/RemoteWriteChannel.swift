internal import AsyncSupport
internal import Cryptography
internal import HTTPClient
internal import Logging
internal import Model
internal import Postgres
internal import SelfMetrics
internal import SeriesQuery
internal import SeriesStore
internal import Synchronization

/// The way to one endpoint: reads on from its place in the stream, sends, and moves the place once all of it was taken.
actor RemoteWriteChannel {
    /// Time of receipt that is read at once: as much as fits, so that memory is bounded whatever the fleet's size.
    private static let window: ClosedRange<Duration> = .milliseconds(100) ... .seconds(30)
    private static let samplesAtOnce = 500_000
    private static let metadataEvery: Duration = .seconds(3600)

    private let endpoint: RemoteWriteEndpoint
    private let store: SeriesStore
    private let pool: PostgresPool
    private let clock: WallClock
    private let logger: Logger
    private let client: HTTPClient
    private let sent: Counter
    private let failures: Counter
    private let dropped: Counter
    private let place: Mutex<Timestamp?>
    private var liveness = SeriesLiveness()
    private var window: Duration = .seconds(5)
    private var toldFamiliesAt: Timestamp?
    private var isFailing = false

    init(
        _ endpoint: RemoteWriteEndpoint, store: SeriesStore, pool: PostgresPool, _ metrics: MetricRegistry,
        _ clock: WallClock, _ logger: Logger
    ) {
        self.endpoint = endpoint
        self.store = store
        self.pool = pool
        self.clock = clock
        var logger = logger
        logger[metadataKey: "endpoint"] = "\(endpoint.name)"
        self.logger = logger
        let trust = endpoint.authorityFile.map(TLSOptions.Trust.file) ?? .system
        client = HTTPClient(tls: TLSOptions(trust: trust), maximumConnections: 2, idleConnections: 1)
        let labels: Labels = ["endpoint": endpoint.name]
        let prefix = "etcd_monitor_aggregator_remote_write"
        sent = metrics.counter("\(prefix)_sent_samples_total", help: "Samples that the endpoint took.", labels: labels)
        failures = metrics.counter(
            "\(prefix)_failed_requests_total", help: "Requests that the endpoint did not take.", labels: labels)
        dropped = metrics.counter(
            "\(prefix)_dropped_samples_total", help: "Samples that the endpoint refused for good.", labels: labels)
        let place = Mutex<Timestamp?>(nil)
        self.place = place
        let now = clock
        metrics.gauge("\(prefix)_lag_seconds", help: "How far back the next sample was received.", labels: labels) {
            [weak self] in self?.lag(at: now.now) ?? 0
        }
    }

    private nonisolated func lag(at now: Timestamp) -> Double {
        place.withLock { $0.map { (now - $0).fractionalSeconds } ?? 0 }
    }

    /// Sends until cancelled.
    func run() async throws {
        var position = try await startingPosition()
        liveness = SeriesLiveness()
        place.withLock { $0 = position }
        logger.info("remote-write goes on", metadata: ["from": "\(position)"])
        while true {
            // What was received earlier may still be committed.
            let ready = clock.now - store.options.commitTolerance
            let end = min(position + window, ready)
            guard end > position else {
                try await Task.sleep(for: .seconds(1))
                continue
            }
            let series = try await read(after: position, through: end)
            let count = series.reduce(0) { $0 + $1.samples.count }
            try await send(series)
            position = end
            try await save(position)
            place.withLock { $0 = position }
            adapt(to: count)
        }
    }

    // MARK: Place

    private func startingPosition() async throws -> Timestamp {
        let now = clock.now
        let rows = try await pool.query(
            "select received_through from remote_write_position where endpoint = \(endpoint.name)")
        guard let saved: Timestamp = try rows.first?["received_through"] else {
            try await save(now)
            return now
        }
        guard let begin = try await store.batchesBegin(), saved < begin else { return saved }
        logger.error(
            "what was received is gone before it could be sent: remote_write.max_age is too short for the outage",
            metadata: ["seconds": "\((begin - saved).components.seconds)"])
        return begin
    }

    private func save(_ position: Timestamp) async throws {
        try await pool.execute(
            """
            insert into remote_write_position (endpoint, received_through, updated_at)
            values (\(endpoint.name), \(position), \(clock.now))
            on conflict (endpoint) do update set received_through = excluded.received_through,
                updated_at = excluded.updated_at
            """)
    }

    private func adapt(to count: Int) {
        if count > Self.samplesAtOnce { window = max(window / 2, Self.window.lowerBound) }
        if count < Self.samplesAtOnce / 4 { window = min(window * 2, Self.window.upperBound) }
    }

    // MARK: Reading

    private func read(after start: Timestamp, through end: Timestamp) async throws -> [WriteRequest.Series] {
        let selectors = endpoint.selectors.isEmpty ? [[]] : endpoint.selectors
        var found: [SampledSeries] = []
        var seen: Set<Labels> = []
        for matchers in selectors {
            let series = try await store.received(after: start, through: end, matching: matchers)
            found += selectors.count == 1 ? series : series.filter { !seen.contains($0.labels) }
            if selectors.count > 1 { seen.formUnion(series.map(\.labels)) }
        }
        return found.compactMap { one in
            let samples = liveness.samples(of: one)
            guard !samples.isEmpty else { return nil }
            return WriteRequest.Series(labels: labelled(one.labels), samples: samples)
        }
    }

    private func labelled(_ labels: Labels) -> Labels {
        guard !endpoint.labels.isEmpty else { return labels }
        return Labels(endpoint.labels.map { Label($0.name, $0.value) } + Array(labels))
    }

    // MARK: Sending

    private func send(_ series: [WriteRequest.Series]) async throws {
        if toldFamiliesAt.map({ clock.now - $0 >= Self.metadataEvery }) ?? true {
            var request = WriteRequest()
            request.families = try await store.metadata(metric: nil)
            try await deliver(request, samples: 0)
            toldFamiliesAt = clock.now
        }
        var request = WriteRequest()
        var count = 0
        for one in series {
            if count > 0, count + one.samples.count > endpoint.samplesPerRequest {
                try await deliver(request, samples: count)
                (request, count) = (WriteRequest(), 0)
            }
            request.series.append(one)
            count += one.samples.count
        }
        if count > 0 { try await deliver(request, samples: count) }
    }

    /// Returns once the endpoint has taken `request`, or said that it never will.
    private func deliver(_ request: WriteRequest, samples: Int) async throws {
        let body = Snappy.compress(request.encoded())
        var backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(30))
        while true {
            let problem: String
            do {
                let answer = try await client.send(try httpRequest(body), deadline: endpoint.deadline)
                if answer.status / 100 == 2 {
                    sent.add(UInt64(samples))
                    noteRecovery()
                    return
                }
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
                problem = "\(answer.status) \(text)"
                // By remote-write's own rule: 5xx and 429 may be tried again, nothing else.
                if answer.status / 100 != 5, answer.status != 429 {
                    dropped.add(UInt64(samples))
                    logger.warning(
                        "remote-write was refused; these samples are not sent again",
                        metadata: ["samples": "\(samples)", "answer": "\(problem)"])
                    return
                }
            } catch let error as HTTPClientError where error.code == .cancelled {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                problem = "\(error)"
            }
            failures.add()
            if !isFailing { logger.warning("remote-write fails; trying again", metadata: ["error": "\(problem)"]) }
            isFailing = true
            try await Task.sleep(for: backoff.next())
        }
    }

    private func noteRecovery() {
        if isFailing { logger.info("remote-write succeeds again") }
        isFailing = false
    }

    private func httpRequest(_ body: [UInt8]) throws -> HTTPRequest {
        var headers = [
            (name: "Content-Type", value: "application/x-protobuf"), (name: "Content-Encoding", value: "snappy"),
            (name: "X-Prometheus-Remote-Write-Version", value: "0.1.0"), (name: "User-Agent", value: "etcd-monitor"),
        ]
        switch endpoint.credentials {
        case .none: break
        case .tokenFile(let path): headers.append((name: "Authorization", value: "Bearer \(try SecretFile.read(path))"))
        case .basic(let user, let path):
            let pair = Base64.encode(Array("\(user):\(try SecretFile.read(path))".utf8))
            headers.append((name: "Authorization", value: "Basic \(pair)"))
        }
        return HTTPRequest("POST", endpoint.url, headers: headers, body: body, maximumBodyBytes: 65_536)
    }
}

/// Which series live: an end is told once, though a series that is away is away from every round.
struct SeriesLiveness {
    /// Hashes of the labels of those that live: a few bytes for each of millions.
    private var living: Set<Int> = []

    /// The samples of `series`, of its staleness markers only the first after a value.
    mutating func samples(of series: SampledSeries) -> [Sample] {
        let hash = series.labels.hashValue
        var isLiving = living.contains(hash)
        var samples: [Sample] = []
        samples.reserveCapacity(series.values.count)
        for (timestamp, value) in zip(series.timestamps, series.values) {
            if value.isStale, !isLiving { continue }
            isLiving = !value.isStale
            samples.append(Sample(Timestamp(milliseconds: timestamp), value))
        }
        if isLiving { living.insert(hash) } else { living.remove(hash) }
        return samples
    }
}
