import Glibc
import Model
import TestSupport
import Testing

@testable import HostCollectors

/// Ours beside Debian's prometheus-node-exporter, on this very host.
@Suite struct NodeExporterTests {
    static let program = "/usr/bin/prometheus-node-exporter"
    static let isInstalled = access(program, X_OK) == 0

    /// Series that move between two reads of the kernel, and so may differ a little.
    private static func isClose(_ name: String, _ ours: Double, _ theirs: Double) -> Bool {
        if ours == theirs { return true }
        let still = ["node_boot_time", "MemTotal", "node_uname", "size_bytes", "mtu_bytes", "speed_bytes", "maximum"]
        if still.contains(where: { name.contains($0) }) { return false }
        // Counters only rise, and ours are read after theirs; levels may go either way.
        return abs(ours - theirs) <= max(64, abs(theirs) * 0.5) || name.contains("memory") || name.contains("timex")
            || name.contains("CurrEstab") || name.contains("filefd") || name.contains("pressure")
            || name.hasPrefix("node_filesystem") || name.hasPrefix("node_procs")
            || (ours >= theirs && name.contains("_total"))
    }

    @Test(.enabled(if: isInstalled, "prometheus-node-exporter is not installed"))
    func everySeriesHasTheNameLabelsTypeAndValueOfNodeExporters() async throws {
        let folder = try TemporaryDirectory()
        let port = try freePorts(1)[0]
        let exporter = try await ChildProcess.start(
            Self.program, ["--web.listen-address=127.0.0.1:\(port)"], output: folder.file("log"))
        let text = try await Self.metrics(of: exporter, port: port, folder)
        await exporter.kill()
        let theirs = Self.values(in: text)
        let theirTypes = Self.types(in: text)

        let collecting = Collecting(.system)
        let ours = collecting.round()
        let skipped = ["node_scrape_collector_", "etcd_monitor_", "node_time_seconds", "node_load"]
        var compared = 0
        for (series, value) in ours where !skipped.contains(where: { series.hasPrefix($0) }) {
            guard let other = theirs[series] else {
                Issue.record("\(series) is not one of node_exporter's")
                continue
            }
            #expect(Self.isClose(series, value, other), "\(series): \(value), node_exporter says \(other)")
            compared += 1
        }
        #expect(compared > 100)
        for family in collecting.board.families where theirTypes[family.name] != nil {
            #expect(theirTypes[family.name] == family.type.word, "\(family.name)")
        }
        // What dashboards need of theirs, ours has.
        for series in theirs.keys where Self.isPromised(series) {
            #expect(ours[series] != nil, "\(series) is missing")
        }
    }

    @Test func thisHostIsReadWithoutAFailure() {
        let collecting = Collecting(.system, [WatchedMember(name: "m1", dataDirectory: "/var/lib/etcd")])
        let values = collecting.round()
        #expect(collecting.failures.isEmpty, "\(collecting.failures)")
        #expect(values["node_memory_MemTotal_bytes"] ?? 0 > 0)
        #expect(values.keys.contains { $0.hasPrefix("node_filesystem_avail_bytes") && $0.contains(#"mountpoint="/""#) })
    }

    @Test func aSecondRoundAddsNoSeries() {
        let collecting = Collecting(.system)
        _ = collecting.round()
        let count = collecting.board.series.count
        _ = collecting.round()
        #expect(collecting.board.series.count == count)
    }

    private static func isPromised(_ series: String) -> Bool {
        let whole = ["node_cpu_", "node_memory_", "node_load", "node_pressure_", "node_filefd", "node_procs_running"]
        return whole.contains { series.hasPrefix($0) } || series.hasPrefix("node_vmstat_")
            || series.contains("node_timex_sync_status") || series.hasPrefix("node_netstat_Tcp_")
    }

    /// Asks with curl until it answers; curl waits for the listening socket by itself.
    private static func metrics(of exporter: ChildProcess, port: Int, _ folder: TemporaryDirectory) async throws
        -> String
    {
        let curl = try await ChildProcess.start(
            "/usr/bin/curl",
            [
                "-sS", "--retry", "50", "--retry-delay", "1", "--retry-connrefused", "--max-time", "60",
                "http://127.0.0.1:\(port)/metrics",
            ], output: folder.file("metrics"))
        #expect(await curl.waitForExit() == .status(0), "\(curl.output.prefix(500)) \(exporter.output.suffix(500))")
        return curl.output
    }

    private static func values(in text: String) -> [String: Double] {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                continue
            }
            values[String(line[..<blank])] = value
        }
        return values
    }

    private static func types(in text: String) -> [String: String] {
        var types: [String: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ")
            types[String(words[2])] = String(words[3])
        }
        return types
    }
}
