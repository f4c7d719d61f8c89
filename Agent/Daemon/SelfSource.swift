internal import Glibc
internal import Model
internal import Spool
internal import Uplink

/// The agent itself: what it costs and how the sending goes.
actor SelfSource: ScrapeSource {
    nonisolated let number: Int
    private let spool: Spool
    private let sender: BatchSender
    private let writer: BatchWriter
    private let loopCounts: @Sendable () -> CollectionLoop.Counts
    private let version: String
    private let clock: WallClock
    private let usage = ProcessUsage()
    private var board = SampleBoard()
    private var up: Int?
    private var duration: Int?

    init(
        number: Int, version: String, spool: Spool, sender: BatchSender, writer: BatchWriter,
        clock: WallClock = .system, loopCounts: @escaping @Sendable () -> CollectionLoop.Counts
    ) {
        self.number = number
        self.version = version
        self.spool = spool
        self.sender = sender
        self.writer = writer
        self.clock = clock
        self.loopCounts = loopCounts
    }

    func scrape(at timestamp: Timestamp) async -> Scrape {
        let kept = await spool.status
        board.begin()
        ScrapeVerdict.set(isUp: true, seconds: 0, up: &up, duration: &duration, in: &board)
        board.set(
            "etcd_monitor_agent_build_info", ["version": version], to: 1, .gauge, help: "Which agent this is.")
        setProcess()
        set(kept)
        set(sender.status)
        setLoop()
        board.end()
        return Scrape(source: number, timestamp: timestamp, board: board, state: nil)
    }

    private func setProcess() {
        gauge(
            "process_start_time_seconds", usage.startSeconds, "Start time of the process since unix epoch in seconds.")
        counter(
            "process_cpu_seconds_total", usage.cpuSeconds, "Total user and system CPU time spent in seconds.")
        let memory = usage.memory(["VmRSS:", "RssAnon:"])
        guard memory.count == 2 else { return }
        gauge("process_resident_memory_bytes", memory[0], "Resident memory size in bytes.")
        gauge(
            "etcd_monitor_agent_anonymous_memory_bytes", memory[1],
            "Resident memory that is the agent's alone: neither its program nor a file.")
    }

    private func set(_ spool: SpoolStatus) {
        gauge("etcd_monitor_agent_spool_bytes", Double(spool.bytes), "Bytes of the spool on disk.")
        gauge(
            "etcd_monitor_agent_spool_pending_batches", Double(spool.pending), "Batches that wait to be acknowledged.")
        let age = spool.oldestPending.map { max(0, (clock.now - $0).fractionalSeconds.rounded()) } ?? 0
        gauge("etcd_monitor_agent_spool_oldest_seconds", age, "Age of the oldest batch that waits.")
        counter(
            "etcd_monitor_agent_spool_dropped_batches_total", Double(spool.dropped),
            "Batches that were dropped as the spool or the disk was full.")
    }

    private func set(_ uplink: UplinkStatus) {
        counter(
            "etcd_monitor_agent_uplink_acknowledged_batches_total", Double(uplink.acknowledgedBatches),
            "Batches that the aggregator has acknowledged.")
        counter(
            "etcd_monitor_agent_uplink_refused_batches_total", Double(uplink.refusedBatches),
            "Batches that the aggregator will never take.")
        counter(
            "etcd_monitor_agent_uplink_sent_bytes_total", Double(uplink.sentBytes),
            "Bytes of requests to the aggregator: HTTP, without TLS.")
        counter(
            "etcd_monitor_agent_uplink_received_bytes_total", Double(uplink.receivedBytes),
            "Bytes of answers from the aggregator: HTTP, without TLS.")
        counter(
            "etcd_monitor_agent_uplink_connections_total", Double(uplink.connections),
            "Connections opened to the aggregator.")
        gauge(
            "etcd_monitor_agent_clock_offset_seconds", uplink.clockOffset.fractionalSeconds,
            "The aggregator's clock less this host's, where it complained.")
        for (reason, count) in uplink.failures {
            board.set(
                "etcd_monitor_agent_uplink_failures_total", ["reason": reason], to: Double(count), .counter,
                help: "Requests to the aggregator that failed, by reason.")
        }
    }

    private func setLoop() {
        let counts = loopCounts()
        counter(
            "etcd_monitor_agent_missed_ticks_total", Double(counts.missedTicks),
            "Ticks that passed while the host was too busy, or asleep.")
        counter(
            "etcd_monitor_agent_skipped_scrapes_total", Double(counts.skippedScrapes),
            "Scrapes left out as the one before had not answered.")
        counter("etcd_monitor_agent_clock_steps_total", Double(counts.clockSteps), "Times the host's clock was set.")
        counter(
            "etcd_monitor_agent_unwritten_batches_total", Double(writer.lost),
            "Batches that never reached the spool.")
        let written = writer.written
        counter("etcd_monitor_agent_batches_total", Double(written.batches), "Batches written to the spool.")
        counter(
            "etcd_monitor_agent_batch_bytes_total", Double(written.bytes), "Bytes of the batches' bodies, compressed.")
    }

    private func gauge(_ name: String, _ value: Double, _ help: String) {
        board.set(name, to: value, .gauge, help: help)
    }

    private func counter(_ name: String, _ value: Double, _ help: String) {
        board.set(name, to: value, .counter, help: help)
    }
}
