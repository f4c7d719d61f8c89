internal import Model
internal import WALProbe

/// The series of a member's WAL probe. They stand in the member's own source, beside etcd's account of the same disk.
struct ProbeSeries: Sendable {
    private static let histogram = "etcd_monitor_wal_probe_fsync_duration_seconds"

    /// One size of record.
    private struct Numbers {
        /// One for each bound, then +Inf.
        var buckets: [Int]
        var sum: Int
        var count: Int
        var quantiles: [Int]
    }

    private var numbers: [Int: Numbers] = [:]

    /// Writes `report`.
    mutating func set(_ report: ProbeReport, in board: inout SampleBoard) {
        board.set(
            "etcd_monitor_wal_probe_state", ["state": report.state.rawValue, "reason": report.reason], to: 1, .gauge,
            help:
                "1 for what the probe of the WAL's disk does now: off, starting, running, resting or impossible, and why."
        )
        for latencies in report.latencies where latencies.count > 0 { set(latencies, in: &board) }
        for (reason, count) in report.rests {
            board.set(
                "etcd_monitor_wal_probe_rests_total", ["reason": reason.rawValue], to: Double(count), .counter,
                help: "Times the probe stopped itself, by reason.")
        }
        counter(
            "etcd_monitor_wal_probe_write_seconds_total", rounded(report.writeSumSeconds),
            "Time that write() of the probe's records took.", &board)
        counter(
            "etcd_monitor_wal_probe_written_bytes_total", Double(report.writtenBytes),
            "Bytes that the probe has written, in whole pages.", &board)
        gauge(
            "etcd_monitor_wal_probe_pending_seconds", report.pendingSeconds.rounded(.down),
            "How long the probe's record has taken that is under way, in whole seconds.", &board)
        if let maximum = report.writeMaximum {
            gauge(
                "etcd_monitor_wal_probe_write_maximum_seconds", rounded(maximum),
                "The longest write() of a record in the last fifteen minutes.", &board)
        }
    }

    private mutating func set(_ latencies: ProbeReport.Latencies, in board: inout SampleBoard) {
        let numbers = self.numbers[latencies.recordBytes] ?? makeNumbers(latencies.recordBytes, in: &board)
        self.numbers[latencies.recordBytes] = numbers
        var cumulated = 0
        for (number, count) in zip(numbers.buckets, latencies.buckets) {
            cumulated += count
            board.set(number, to: Double(cumulated))
        }
        board.set(numbers.sum, to: rounded(latencies.sumSeconds))
        board.set(numbers.count, to: Double(latencies.count))
        for (number, value) in zip(numbers.quantiles, latencies.quantiles ?? []) {
            board.set(number, to: rounded(value))
        }
    }

    private func makeNumbers(_ recordBytes: Int, in board: inout SampleBoard) -> Numbers {
        let family = board.family(
            Self.histogram, .histogram, help: "How long fdatasync of the probe's records took, by their size.")
        let size = Label("record_bytes", "\(recordBytes)")
        let bounds = ProbeReport.bounds.map { "\($0)" } + ["+Inf"]
        let quantile = "etcd_monitor_wal_probe_fsync_quantile_seconds"
        let quantiles = board.family(
            quantile, .gauge,
            help: "Quantiles of the raw fdatasync latencies of the last fifteen minutes; 1 is the longest.")
        return Numbers(
            buckets: bounds.map {
                board.number(
                    of: Labels(metric: Self.histogram + "_bucket", [Label("le", $0), size]), family: family)
            },
            sum: board.number(of: Labels(metric: Self.histogram + "_sum", [size]), family: family),
            count: board.number(of: Labels(metric: Self.histogram + "_count", [size]), family: family),
            quantiles: ProbeReport.quantiles.map {
                let text = $0 == 1 ? "1" : "\($0)"
                return board.number(
                    of: Labels(metric: quantile, [Label("quantile", text), size]), family: quantiles)
            })
    }

    private func gauge(_ name: String, _ value: Double, _ help: String, _ board: inout SampleBoard) {
        board.set(name, to: value, .gauge, help: help)
    }

    private func counter(_ name: String, _ value: Double, _ help: String, _ board: inout SampleBoard) {
        board.set(name, to: value, .counter, help: help)
    }
}
