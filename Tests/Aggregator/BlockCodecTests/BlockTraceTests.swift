import BlockCodec
import Model
import PrometheusText
import TestSupport
import Testing

@Suite struct BlockTraceTests {
    @Test(
        "an hour of real scrapes comes back bit by bit, in few bytes",
        .enabled(if: EtcdTrace.archive != nil, "the recorded trace is not here: set ETCD_TRACE"))
    func realScrapes() throws {
        var parser = ExpositionParser()
        var board = SampleBoard()
        var rows: [[Double]] = []
        try EtcdTrace.scrapes(of: "n3") { _, text in
            board.begin()
            try parser.parse(text, into: &board)
            board.end()
            rows.append(board.values)
        }
        let columns = board.series.indices.map { number in
            rows.map { $0.indices.contains(number) ? $0[number] : .stale }
        }
        let timestamps = rows.indices.map { Int64($0) * 5000 }
        var blocks: [[UInt8]] = []
        var encoder = BlockEncoder(timestamps: timestamps)
        for column in columns {
            encoder.append(column)
            if encoder.rawBytes >= 32 << 10 {
                blocks.append(try encoder.finish())
                encoder = BlockEncoder(timestamps: timestamps)
            }
        }
        blocks.append(try encoder.finish())
        let read = try blocks.flatMap { bytes in
            let block = try Block(decoding: bytes)
            return block.columns(Array(0..<block.series))
        }
        #expect(BlockCodecTests.bits(read) == BlockCodecTests.bits(columns))
        let perSample = Double(blocks.reduce(0) { $0 + $1.count }) / Double(rows.count * columns.count)
        print("\(blocks.count) blocks, \(perSample) bytes a sample, timestamps included")
        #expect(perSample < 0.08)
    }
}
