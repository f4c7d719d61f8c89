internal import Model
internal import SelfMetrics

/// What Ingest counts.
struct IngestMetrics: Sendable {
    private let stored: Counter
    private let repeated: Counter
    private let conflicting: Counter
    private let receivedBytes: Counter
    private let droppedBatches: Counter
    private let commitSeconds: Histogram
    private let groupBatches: Histogram

    init(
        _ metrics: MetricRegistry, queueLength: @escaping @Sendable () -> Double,
        queueBytes: @escaping @Sendable () -> Double
    ) {
        func outcome(_ name: String) -> Counter {
            metrics.counter(
                "etcd_monitor_aggregator_batches_total", help: "Batches by what became of them.",
                labels: ["outcome": name])
        }
        stored = outcome("stored")
        repeated = outcome("repeated")
        conflicting = outcome("conflicting")
        receivedBytes = metrics.counter(
            "etcd_monitor_aggregator_received_bytes_total", help: "Bytes of verified batches, compressed.")
        droppedBatches = metrics.counter(
            "etcd_monitor_aggregator_agent_dropped_batches_total", help: "Batches that agents reported as dropped.")
        commitSeconds = metrics.histogram(
            "etcd_monitor_aggregator_commit_seconds", help: "Time of the transaction of a group of batches.")
        groupBatches = metrics.histogram(
            "etcd_monitor_aggregator_commit_batches", help: "Batches in one transaction.",
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256])
        metrics.gauge(
            "etcd_monitor_aggregator_commit_queue_length", help: "Batches that wait to be committed.",
            read: queueLength)
        metrics.gauge(
            "etcd_monitor_aggregator_commit_queue_bytes",
            help: "Memory of batches that are not answered yet, roughly.", read: queueBytes)
    }

    func received(bytes: Int) { receivedBytes.add(UInt64(bytes)) }

    func dropped(_ batches: UInt64) { droppedBatches.add(batches) }

    func committed(_ batches: Int, took duration: Duration) {
        commitSeconds.observe(duration)
        groupBatches.observe(Double(batches))
    }

    func settled(_ outcome: BatchWriter.Outcome) {
        switch outcome {
        case .stored: stored.add()
        case .repeated, .renewed: repeated.add()
        case .conflicting: conflicting.add()
        }
    }
}
