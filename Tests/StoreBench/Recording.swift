internal import Model
internal import PrometheusText
internal import TestSupport

/// The recorded hour of one member, replayed for as long as one likes: where it begins again, counters go on from where
/// they were.
struct Recording {
    /// The series that have a value in every scrape, with what stood in each.
    private let series: [Series]
    private let rounds: Int

    private struct Series {
        var labels: Labels
        var family: MetricFamily
        var values: [Double]
        /// How much it rises in an hour; 0 for what is no counter.
        var rise: Double
    }

    /// The scrapes of `member`; of its metrics only those of `families`, if given.
    init(_ member: String, families: Set<String>? = nil) throws {
        let boards = try BytesBench.recorded(member)
        let rounds = boards.count
        self.rounds = rounds
        let whole = boards[0]
        series = whole.series.indices.compactMap { number -> Series? in
            let family = whole.families[whole.series[number].family]
            guard families?.contains(family.name) ?? true else { return nil }
            let values = boards.map { $0.values[number] }
            guard !values.contains(where: \.isStale) else { return nil }
            let isCounter = family.type == .counter || family.type == .histogram
            return Series(
                labels: whole.series[number].labels, family: family, values: values,
                rise: isCounter ? max(0, values[rounds - 1] - values[0]) : 0)
        }
    }

    /// Puts scrape `round` on `board`.
    func set(round: Int, on board: inout SampleBoard) {
        let hours = Double(round / rounds)
        board.begin()
        for one in series {
            let family = board.family(one.family.name, one.family.type, help: one.family.help)
            let number = board.number(of: one.labels, family: family)
            board.set(number, to: one.values[round % rounds] + hours * one.rise)
        }
        board.end()
    }

    /// The names of families of at most two series, in order, and of the histogram of WAL fsyncs.
    static func panelFamilies(_ count: Int) throws -> Set<String> {
        let board = try BytesBench.recorded("n1", first: 1)[0]
        var sizes = [Int](repeating: 0, count: board.families.count)
        for one in board.series { sizes[one.family] += 1 }
        let few = zip(board.families, sizes).filter { $1 <= 2 && $0.name.hasPrefix("etcd") }.map(\.0.name)
        return Set(few.sorted().prefix(count - 1)).union(["etcd_disk_wal_fsync_duration_seconds"])
    }
}
