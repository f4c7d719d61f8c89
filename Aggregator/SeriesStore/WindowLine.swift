internal import BlockCodec
internal import FrameCodec
internal import Model

/// The scrapes of one source and window whose layouts grew from each other, out of all its blocks: read one series after
/// the other, a few of which are decoded at a time.
struct WindowLine {
    /// The layout that names every series.
    let tip: LayoutHash
    private let order: ScrapeOrder
    private var readers: [PartReader]

    /// The lines of the blocks `stored` of one window.
    ///
    /// - Parameter tips: for each layout, the largest that grew from it; see ``Catalogue/tips(of:)``.
    static func lines(
        of stored: [StoredBlock], tips: [LayoutHash: LayoutHash]
    ) throws(CodecError) -> [WindowLine] {
        var parts: [LayoutHash: [[StoredBlock]]] = [:]
        var places: [StoredBlock.Stretch: Int] = [:]
        for block in stored {
            let tip = tips[block.stretch.layout] ?? block.stretch.layout
            if let place = places[block.stretch] {
                parts[tip]?[place].append(block)
            } else {
                places[block.stretch] = parts[tip]?.count ?? 0
                parts[tip, default: []].append([block])
            }
        }
        var lines: [WindowLine] = []
        for (tip, parts) in parts { lines.append(try WindowLine(tip, parts)) }
        return lines
    }

    /// - Parameter parts: of each, the blocks of its scrapes.
    private init(_ tip: LayoutHash, _ parts: [[StoredBlock]]) throws(CodecError) {
        self.tip = tip
        readers = []
        for part in parts { readers.append(try PartReader(part)) }
        order = ScrapeOrder(readers.map { (timestamps: $0.timestamps, receivedAt: $0.generation) })
    }

    /// When there were scrapes.
    var timestamps: [Int64] { order.timestamps }

    /// How many series there are: the first ones of the layout.
    var series: Int { readers.map(\.series).max() ?? 0 }

    /// The values of series `number`, which must not fall from call to call.
    mutating func column(_ number: Int) throws(CodecError) -> [Double] {
        var columns: [[Double]] = []
        for at in readers.indices { columns.append(try readers[at].column(number)) }
        return order.column(of: columns)
    }
}

/// Reads the series of some scrapes one after the other.
private struct PartReader {
    /// Series decoded at a time: a group may have a thousand that never change, each as long as any other.
    private static let seriesAtATime = 64

    let generation: Int64
    let timestamps: [Int64]
    let series: Int
    private var groups: ArraySlice<StoredBlock>
    private var block: Block?
    /// Numbers in the layout: of the block, and of what is decoded of it.
    private var blockSeries = 0..<0
    private var decoded: (series: Range<Int>, columns: [[Double]]) = (0..<0, [])

    init(_ groups: [StoredBlock]) throws(CodecError) {
        generation = groups[0].stretch.generation
        self.groups = groups.sorted { $0.series.lowerBound < $1.series.lowerBound }[...]
        timestamps = try Block(decoding: groups[0].body).timestamps
        series = groups.map(\.series.upperBound).max() ?? 0
    }

    /// The values of series `number`, which must not fall; empty if there is none.
    mutating func column(_ number: Int) throws(CodecError) -> [Double] {
        while !blockSeries.contains(number), let next = groups.first, next.series.lowerBound <= number {
            groups.removeFirst()
            let block = try Block(decoding: next.body)
            guard block.series == next.series.count, block.timestamps.count == timestamps.count else {
                throw CodecError(.contradiction, "a block that does not fit its row")
            }
            (self.block, blockSeries) = (block, next.series)
        }
        guard let block, blockSeries.contains(number) else { return [] }
        if !decoded.series.contains(number) {
            let some = number..<min(blockSeries.upperBound, number + Self.seriesAtATime)
            decoded = (some, block.columns(some.map { $0 - blockSeries.lowerBound }))
        }
        return decoded.columns[number - decoded.series.lowerBound]
    }
}
