// What the kernel says about the host that etcd runs on, under node_exporter 1.5's names and labels, and about the
// etcd process itself. Reads /proc, /sys, statvfs, uname and adjtimex; each collector fails on its own. Leaves the
// pace, the frame and the sending to the daemon.

internal import Glibc
public import Model

/// A member whose directories and process are watched on this host.
public struct WatchedMember: Hashable, Sendable {
    /// The name given in the configuration; label `member`.
    public var name: String
    /// etcd's `--data-dir`.
    public var dataDirectory: String
    /// etcd's `--wal-dir`, or `<data-dir>/member/wal`.
    public var walDirectory: String
    /// The port of the client URL, by which the process is found.
    public var clientPort: Int?

    /// The member `name` with its directories; without `walDirectory` the one inside the data directory.
    public init(name: String, dataDirectory: String, walDirectory: String? = nil, clientPort: Int? = nil) {
        self.name = name
        self.dataDirectory = dataDirectory
        self.walDirectory = walDirectory ?? dataDirectory + "/member/wal"
        self.clientPort = clientPort
    }
}

/// The version of the member of that name in the configuration, such as `3.5.1`; nil while it is not known.
public typealias MemberVersion = @Sendable (String) -> String?

/// All collectors of one host. Always write into the same board: series numbers are kept between rounds.
public struct HostCollectors {
    private var collectors: [any Collector]
    private var reader = FileReader()
    private var verdicts = SeriesGroup([
        Metric(
            "node_scrape_collector_duration_seconds", .gauge, "node_exporter: Duration of a collector scrape."),
        Metric(
            "node_scrape_collector_success", .gauge, "node_exporter: Whether a collector succeeded."),
    ])
    /// Why collectors failed in the last round, by collector's name; empty when all is well.
    public private(set) var failures: [String: HostError] = [:]

    /// The collectors of the host whose /proc and /sys are at `root`, watching `members`; `version` tells which
    /// defaults a member has.
    public init(
        root: HostRoot = .system, members: [WatchedMember] = [], version: @escaping MemberVersion = { _ in nil }
    ) {
        collectors = [
            CPUCollector(root), MemoryCollector(root), LoadCollector(root), PressureCollector(root),
            StatCollector(root), VMStatCollector(root), FileDescriptorCollector(root),
            DiskCollector(root, members: members), FilesystemCollector(root, members: members),
            NetworkCollector(root), InterfaceCollector(root), NetstatCollector(root), ClockCollector(),
            TimeCollector(), UnameCollector(), ProcessCollector(root, members: members, version: version),
        ]
    }

    /// Reads everything into `board`, between its `begin()` and `end()`. Never fails as a whole: a collector that
    /// does leaves `node_scrape_collector_success` 0 and what it had read so far.
    public mutating func collect(into board: inout SampleBoard) {
        failures.removeAll(keepingCapacity: true)
        for index in collectors.indices {
            let name = collectors[index].name
            let started = monotonicSeconds()
            var success = 1.0
            do throws(HostError) {
                try collectors[index].collect(with: &reader, into: &board)
            } catch {
                success = 0
                failures[name] = error
            }
            // Whole milliseconds: finer would change every value in every frame and tell nobody anything.
            let duration = ((monotonicSeconds() - started) * 1000).rounded() / 1000
            let numbers = verdicts.numbers(for: name, labels: [Label("collector", name)], in: &board)
            board.set(numbers[0], to: duration)
            board.set(numbers[1], to: success)
        }
    }

    private func monotonicSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
