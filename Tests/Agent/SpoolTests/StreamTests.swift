import FrameCodec
import Model
import Spool
import Testing

/// Encoder, spool and decoder together: whatever the order in which a spool gives its batches, and whatever it had to
/// drop, an aggregator can read each one.
@Suite struct StreamTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// An agent with one source.
    private struct Agent {
        var encoder: StreamEncoder
        var board = SampleBoard()
        var tick = 0

        init() throws {
            encoder = StreamEncoder(
                agent: try #require(AgentID("000102030405060708090a0b0c0d0e0f")),
                sources: [SourceDescriptor(kind: .etcd, name: "m1", port: 2379, interval: .seconds(5))])
        }

        /// One tick: a new series now and then, values that tell the tick.
        mutating func write(to spool: Spool) async throws {
            tick += 1
            board.begin()
            for series in 0..<20 + tick / 40 {
                board.set("s\(series)", to: Double(tick * series), .counter, help: "")
            }
            board.set("share", to: 1 / Double(tick), .gauge, help: "")
            board.end()
            let at = Timestamp(milliseconds: Int64(tick) * 5000)
            encoder.begin(await spool.nextSlot, madeAt: at)
            for report in await spool.unreportedDrops() { encoder.add(report) }
            encoder.add(board, source: 0, at: at)
            try await spool.append(try encoder.finish())
        }
    }

    /// An aggregator that remembers per epoch what was said.
    private struct Aggregator {
        var contexts: [UInt64: StreamContext] = [:]
        var layouts: [LayoutHash: Layout] = [:]
        var keyframes: [String: KeyframeValues] = [:]
        var ticks: Set<Int64> = []
        var dropped: UInt64 = 0

        mutating func take(_ record: SpoolRecord) throws {
            let batch = try Batch.decode(try Compression.decompress(record.body, limit: 1 << 20))
            #expect(batch.header.epoch == record.position.epoch && batch.header.sequence == record.position.sequence)
            try contexts[batch.header.epoch, default: StreamContext()].admit(batch)
            for item in batch.items {
                switch item {
                case .layout(_, let additions):
                    var layout = additions.parent == .none ? Layout() : try #require(layouts[additions.parent])
                    try layout.append(additions)
                    layouts[layout.hash] = layout
                case .keyframe(let keyframe):
                    let values = try batch.values(of: keyframe)
                    keyframes["\(batch.header.epoch)/\(batch.header.sequence)"] = values
                    check(values.values, keyframe.timestamp, layouts[keyframe.layout])
                case .frame(let frame):
                    let keyframe = try #require(keyframes["\(batch.header.epoch)/\(frame.keyframe)"])
                    check(try batch.values(of: frame, keyframe: keyframe), frame.timestamp, nil)
                case .drop(let report): dropped += report.batches
                default: continue
                }
            }
        }

        private mutating func check(_ values: [Double], _ timestamp: Timestamp, _ layout: Layout?) {
            let tick = timestamp.milliseconds / 5000
            ticks.insert(tick)
            if let layout { #expect(layout.series.count == values.count) }
            #expect(values.prefix(20) == (0..<20).map { Double(tick) * Double($0) }[...])
            #expect(values[20] == 1 / Double(tick) || layout == nil || layout?.series[20].labels.metric != "share")
        }
    }

    @Test func everythingIsReadWhateverTheOrderOfTheLanes() async throws {
        let spool = try Spool(directory: directory.path, limitBytes: 1 << 22, segmentBytes: 1 << 12)
        var agent = try Agent()
        var aggregator = Aggregator()
        for turn in 0..<600 {
            try await agent.write(to: spool)
            // Away from 100 to 300 and from 400 to 450; live batches go at once, history three at a time.
            if 100..<300 ~= turn || 400..<450 ~= turn { continue }
            if turn == 300 || turn == 450 {
                await spool.startLive()
                continue
            }
            while let record = await spool.next(.live) {
                try aggregator.take(record)
                await spool.acknowledge(record.position)
            }
            for _ in 0..<3 {
                guard let record = await spool.next(.history) else { break }
                try aggregator.take(record)
                await spool.acknowledge(record.position)
            }
        }
        #expect(aggregator.ticks.count == 600)
        #expect(await spool.status.pending == 0)
    }

    @Test func anAggregatorThatForgotEverythingReadsOnFromTheSegmentsStart() async throws {
        let spool = try Spool(directory: directory.path, limitBytes: 1 << 22, segmentBytes: 1 << 12)
        var agent = try Agent()
        var aggregator = Aggregator()
        for turn in 0..<200 {
            try await agent.write(to: spool)
            if turn == 77 { aggregator = Aggregator() }
            while let record = await spool.next(.live) {
                do {
                    try aggregator.take(record)
                    await spool.acknowledge(record.position)
                } catch let error as CodecError {
                    #expect(error.missing != nil && turn == 77)
                    await spool.rewind(toSegmentOf: record.position)
                }
            }
        }
        #expect(aggregator.ticks.contains(78) && aggregator.ticks.contains(200))
    }

    @Test func whatIsLeftAfterDroppingIsReadAndTheDropIsTold() async throws {
        let spool = try Spool(directory: directory.path, limitBytes: 1 << 14, segmentBytes: 1 << 11)
        var agent = try Agent()
        var aggregator = Aggregator()
        for _ in 0..<400 { try await agent.write(to: spool) }
        while let record = await spool.next(.live) {
            try aggregator.take(record)
            await spool.acknowledge(record.position)
        }
        try await agent.write(to: spool)
        let last = try #require(await spool.next(.live))
        try aggregator.take(last)
        #expect(aggregator.ticks.contains(401))
        // Reports stood in batches that were dropped themselves: they are told again.
        #expect(aggregator.dropped == (await spool.status.dropped))
        #expect(await spool.unreportedDrops().isEmpty)
        #expect(aggregator.ticks.count + Int(aggregator.dropped) == 401)
    }
}
