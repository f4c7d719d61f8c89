import BlockCodec
import FrameCodec
import Model
import Testing

@testable import SeriesStore

/// The columns that docs/storage.md draws: what is written today must be read for years.
@Suite struct RollupFormatTests {
    private static let hour: Int64 = 3_600_000
    private static let day = 20_834 * 24 * hour

    /// Two hours of a counter that is reset, a gauge, and a series that is there in the second hour only.
    private static func row() throws -> NewRollup {
        let timestamps = [5000, 1_800_000, 3_599_000, 3_600_000, 3_605_000].map { day + $0 }
        var encoder = BlockEncoder(timestamps: timestamps)
        encoder.append([10, 14, 3, 5, 5])
        encoder.append([1.5, 0.5, 1, -2, .nan])
        encoder.append([.stale, .stale, .stale, .stale, 8])
        let stored = StoredBlock(
            stretch: StoredBlock.Stretch(source: 1, window: day, generation: day, layout: .none, level: 1),
            series: 0..<3, body: try encoder.finish())
        var rollup = DayRollup()
        for var line in try WindowLine.lines(of: [stored], tips: [:]) { try rollup.add(&line) }
        return try #require(try rollup.rows { $1 == 0 }.first)
    }

    @Test func writesTheColumnsThatAreDrawn() throws {
        let row = try Self.row()
        #expect(row.series == 0..<3 && row.hours == 2)
        let block = try Block(decoding: row.body)
        #expect(block.timestamps == [Self.day, Self.day + Self.hour])
        let none = Double.stale
        let expected: [[Double]] = [
            [5000, 0], [3_599_000, 5000],
            // first, last, smallest, largest, sum, count, lost
            [10, 5], [3, 5], [3, 5], [14, 5], [27, 10], [3, 2], [14, 0],
            [1.5, -2], [1, .nan], [0.5, -2], [1.5, -2], [3, .nan], [3, 2], [none, none],
            [none, 8], [none, 8], [none, 8], [none, 8], [none, 8], [none, 1], [none, none],
        ]
        #expect(
            block.columns(Array(0..<block.series)).map { $0.map(\.bitPattern) } == expected.map { $0.map(\.bitPattern) }
        )
    }

    @Test("no bytes are taken for hours that are not such", arguments: 0..<4)
    func refusesWhatIsNone(fault: Int) throws {
        let timestamps = [Self.day + (fault == 0 ? 1 : 0), Self.day + (fault == 1 ? 24 : 1) * Self.hour]
        var encoder = BlockEncoder(timestamps: timestamps)
        encoder.append([0, fault == 2 ? 9 : 0])
        encoder.append([1, 1])
        for _ in 0..<(fault == 3 ? 6 : 7) { encoder.append([1, 1]) }
        let row = StoredRollup(source: 1, day: Self.day, layout: .none, series: 0..<1, body: try encoder.finish())
        #expect(throws: CodecError.self) { try Rollup(row) }
    }
}
