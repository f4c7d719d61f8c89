import ArgumentParser
import SeriesStore

struct StorageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "What history costs, and whether it can be read.",
        subcommands: [StatsCommand.self, CheckCommand.self])

    struct StatsCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stats", abstract: "Prints bytes a sample, by table, cluster and metric.",
            discussion: "Asks the database of the aggregator, which has to run if it has a PostgreSQL of its own.")

        @OptionGroup var options: ConfigurationOption

        @Option(help: "How many metrics are listed, the dearest first.")
        var metrics = 20

        func run() async throws {
            try await OfflineRooms.with(try options.load()) { rooms in
                StorageTable(report: try await rooms.store.report(), metrics: metrics).print()
            }
        }
    }

    struct CheckCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Decodes every block, every rollup and every waiting batch.",
            discussion: "Exit status 1 if something cannot be read. Safe while the aggregator runs.")

        @OptionGroup var options: ConfigurationOption

        func run() async throws {
            try await OfflineRooms.with(try options.load()) { rooms in
                var damaged = 0
                let rows = try await rooms.store.check {
                    StandardError.print("… \($0) rows")
                } found: {
                    print("\($0.place): \($0.problem)")
                    damaged += 1
                }
                print("\(rows) rows read, \(damaged) damaged")
                if damaged > 0 { throw ExitCode.failure }
            }
        }
    }
}

/// A storage report for people.
private struct StorageTable {
    var report: StorageReport
    var metrics: Int

    func print() {
        let cost = report.bytesPerSample.map { "\(Self.rounded($0, 3)) bytes a sample" } ?? "no blocks yet"
        Swift.print("\(report.samples) samples in blocks and their catalogue, \(Self.size(report.bytes)): \(cost)")
        Swift.print(
            "blocks: \(report.mergedBlocks) merged, \(report.youngBlocks) young; \(report.rollups) rollups; "
                + "\(report.waitingBatches) batches wait")
        section("table, indexes and TOAST", report.tables.map { ($0.name, Self.size($0.bytes)) })
        section("cluster", report.clusters.map { ($0.name, Self.words($0)) })
        section("metric", report.metrics.prefix(metrics).map { ($0.name, Self.words($0)) })
    }

    private func section(_ title: String, _ lines: [(String, String)]) {
        Swift.print("\n\(title)")
        let width = lines.map(\.0.count).max() ?? 0
        for (name, words) in lines {
            Swift.print("  \(name)\(String(repeating: " ", count: width - name.count))  \(words)")
        }
    }

    private static func words(_ share: StorageReport.Share) -> String {
        let each = share.samples > 0 ? Double(share.bytes) / Double(share.samples) : 0
        return "\(size(share.bytes)), \(rounded(each, 3)) bytes a sample"
    }

    private static func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(rounded(Double(bytes) / 1e3, 1)) kB"
        case ..<10_000_000_000: "\(rounded(Double(bytes) / 1e6, 1)) MB"
        default: "\(rounded(Double(bytes) / 1e9, 1)) GB"
        }
    }

    private static func rounded(_ value: Double, _ digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { result, _ in result * 10 }
        return (value * scale).rounded() / scale
    }
}
