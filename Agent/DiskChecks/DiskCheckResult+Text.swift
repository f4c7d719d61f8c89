extension DiskCheckResult {
    /// For a person at a terminal: the grade, the runs, the facts, what to do.
    public var text: String {
        var lines = ["\(facts.directory): \(grade.words.uppercased()) for etcd  (profile \(profile.rawValue))", ""]
        lines += table
        lines += ["", "limit: p99 below \(Self.milliseconds(profile.limitSeconds)) ms", ""]
        lines += factLines
        if !advice.isEmpty { lines += [""] + advice.map { "- \($0.sentence)" } }
        lines += ["", "by hand: \(command.joined(separator: " "))"]
        return lines.joined(separator: "\n")
    }

    private var table: [String] {
        let head = ["fdatasync, ms", "p50", "p90", "p99", "p99.9", "max", "syncs"]
        let rows = runs.enumerated().map { ["run \($0.offset + 1)"] + Self.cells($0.element) }
        return ([head] + rows + [["median"] + Self.cells(latencies)]).map { row in
            row.enumerated().map { column, cell in
                let room = String(repeating: " ", count: max(0, (column == 0 ? 14 : 10) - cell.count))
                return column == 0 ? cell + room : room + cell
            }.joined()
        }
    }

    private static func cells(_ latencies: FsyncLatencies) -> [String] {
        [latencies.p50, latencies.p90, latencies.p99, latencies.p999, latencies.maximum].map(milliseconds)
            + ["\(latencies.count)"]
    }

    private var factLines: [String] {
        var lines = [
            "filesystem    \(facts.filesystem) \(facts.source) at \(facts.mountPoint) "
                + "(\(facts.mountOptions); \(facts.filesystemOptions))"
        ]
        for device in facts.devices {
            var words = [device.name, device.kind.rawValue]
            if let size = device.sizeBytes { words.append("\(Int(size / 1e9)) GB") }
            if let rotational = device.isRotational { words.append(rotational ? "rotating" : "solid") }
            if let scheduler = device.scheduler { words.append("scheduler \(scheduler)") }
            if let cache = device.writeCache { words.append("cache \(cache)") }
            if let level = device.raidLevel { words.append(level) }
            if let file = device.backingFile { words.append("in \(file)") }
            if let model = device.model { words.append(model) }
            if let wear = device.health?.wearPercent { words.append("wear \(Int(wear)) %") }
            if let passed = device.health?.isPassed { words.append(passed ? "SMART passed" : "SMART FAILED") }
            lines.append("device        " + words.joined(separator: ", "))
        }
        if let before = facts.pressureBefore, let during = facts.pressureDuring {
            lines.append("I/O pressure  \(Self.percent(before)) before, \(Self.percent(during)) during the check")
        }
        if let neighbour = facts.neighbourBytesPerSecond {
            lines.append("others wrote  \(Self.milliseconds(neighbour / 1e9)) MB/s before the check")
        }
        if let rate = facts.etcdSyncsPerSecond { lines.append("etcd synced   \(Int(rate)) times a second meanwhile") }
        return lines
    }

    /// Three digits that count.
    static func milliseconds(_ seconds: Double) -> String {
        let value = seconds * 1000
        let digits = value < 10 ? 100.0 : value < 100 ? 10 : 1
        let rounded = (value * digits).rounded() / digits
        return digits == 1 ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
