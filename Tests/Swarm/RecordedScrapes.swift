internal import Glibc
internal import Model
internal import PrometheusText

/// Scrapes of one member, parsed once for all agents of the process.
struct RecordedScrapes: Sendable {
    private let families: [MetricFamily]
    private let series: [SampleBoard.Series]
    /// Per scrape a value for each series.
    private let values: [[Double]]
    /// Numbers of the series that name a peer, with the peer's member id.
    private let peers: [(series: Int, id: String)]

    /// The `/metrics` bodies (`*.txt`) in `folder`, in order of their names.
    init(folder: String) throws {
        var parser = ExpositionParser()
        var board = SampleBoard()
        var rounds: [[Double]] = []
        for name in try Self.names(in: folder) {
            board.begin()
            try parser.parse(contents(of: "\(folder)/\(name)"), into: &board)
            board.set("up", to: 1, .gauge, help: "")
            board.end()
            rounds.append(board.values)
        }
        guard !rounds.isEmpty else { throw SwarmError(message: "\(folder): no scrapes (*.txt)") }
        (families, series) = (board.families, board.series)
        let count = board.series.count
        values = rounds.map { $0 + [Double](repeating: .stale, count: count - $0.count) }
        peers = board.series.enumerated().compactMap { number, one in one.labels["To"].map { (number, $0) } }
    }

    /// An empty board of the series of agent `number`, whose peers have member ids of their own.
    func board(agent number: Int) -> SampleBoard {
        var board = SampleBoard()
        for family in families { _ = board.family(family.name, family.type, help: family.help) }
        var labels = series.map(\.labels)
        for (at, id) in peers {
            labels[at]["To"] = Self.own(id, of: number)
        }
        for (one, labels) in zip(series, labels) { _ = board.number(of: labels, family: one.family) }
        return board
    }

    /// Another id of the same length, the same for the same two.
    private static func own(_ id: String, of number: Int) -> String {
        let mixed = (UInt64(id, radix: 16) ?? 0) ^ (UInt64(number) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        let text = String(mixed, radix: 16)
        return String(repeating: "0", count: max(0, 16 - text.count)) + text
    }

    /// Sets the values of scrape `number`, beginning again after the last.
    func set(_ number: Int, on board: inout SampleBoard) {
        board.begin()
        for (series, value) in values[number % values.count].enumerated() where !value.isStale {
            board.set(series, to: value)
        }
        board.end()
    }

    private static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else { throw SwarmError(message: "\(folder): no such folder") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".txt") { names.append(name) }
        }
        return names.sorted()
    }
}

/// The bytes of the file at `path`.
func contents(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw SwarmError(message: "\(path): cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
}
