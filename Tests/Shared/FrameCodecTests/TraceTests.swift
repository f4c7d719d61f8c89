import Model
import PrometheusText
import TestSupport
import Testing

@testable import FrameCodec

@Suite struct TraceTests {
    /// Scrapes of one member as an agent of one source sends them, and what an aggregator reads.
    private static func measure(_ member: String) throws -> (batches: Int, bytes: Int) {
        let agent = try #require(AgentID(bytes: (0..<16).map { _ in UInt8.random(in: 0...255) }))
        let epoch = UInt64.random(in: 1...UInt64(Int64.max))
        var encoder = StreamEncoder(
            agent: agent,
            sources: [SourceDescriptor(kind: .etcd, name: member, port: 2379, interval: .seconds(5))])
        var parser = ExpositionParser()
        var board = SampleBoard()
        var receiver = Receiver()
        var result = (batches: 0, bytes: 0)
        try EtcdTrace.scrapes(of: member) { milliseconds, text in
            board.begin()
            try parser.parse(text, into: &board)
            board.end()
            let sequence = UInt64(result.batches + 1)
            encoder.begin(
                BatchSlot(epoch: epoch, sequence: sequence, startsSegment: sequence == 1),
                madeAt: Timestamp(milliseconds: milliseconds + 3))
            encoder.add(board, source: 0, at: Timestamp(milliseconds: milliseconds))
            let batch = try encoder.finish()
            if sequence > 1 { result.bytes += batch.body.count }
            result.batches += 1

            let received = try receiver.receive(batch.body)
            let instant = try #require(received.first)
            #expect(instant.timestamp.milliseconds == milliseconds)
            #expect(instant.values.map(\.bitPattern) == board.values.map(\.bitPattern))
            if sequence % 60 == 1 { try Self.check(parser: text, against: board) }
        }
        #expect(receiver.layout?.series.map(\.labels) == board.series.map(\.labels))
        #expect(receiver.layout?.families == board.families)
        return result
    }

    /// A parser that has seen nothing gives the same values.
    private static func check(parser text: [UInt8], against board: SampleBoard) throws {
        var fresh = SampleBoard()
        var parser = ExpositionParser()
        fresh.begin()
        try parser.parse(text, into: &fresh)
        fresh.end()
        var expected: [Labels: UInt64] = [:]
        for (series, value) in zip(fresh.series, fresh.values) { expected[series.labels] = value.bitPattern }
        for (series, value) in zip(board.series, board.values) {
            #expect(expected[series.labels] ?? Double.stale.bitPattern == value.bitPattern)
        }
    }

    @Test(
        "an hour of real scrapes comes back bit by bit, in few bytes",
        .enabled(if: EtcdTrace.archive != nil, "the recorded trace is not here: set ETCD_TRACE"),
        arguments: ["n1", "n2", "n3"])
    func realScrapesComeBack(member: String) throws {
        let (batches, bytes) = try Self.measure(member)
        let average = Double(bytes) / Double(batches - 1)
        print(
            "\(member): \(batches) batches of one scrape, \(average.rounded()) bytes each on average, headers and "
                + "keyframes included, the first one with the layout not counted")
        #expect(average < 343)
    }
}

/// What an aggregator does with bodies: checks them against the context and reads all values.
struct Receiver {
    var context = StreamContext()
    var layout: Layout?
    var layouts: [LayoutHash: Layout] = [:]
    var keyframes: [KeyframeName: KeyframeValues] = [:]

    struct KeyframeName: Hashable {
        var source: Int
        var sequence: UInt64
    }

    struct Instant {
        var source: Int
        var timestamp: Timestamp
        var values: [Double]
    }

    mutating func receive(_ body: [UInt8]) throws -> [Instant] {
        let batch = try Batch.decode(try Compression.decompress(body, limit: 8 << 20))
        try context.admit(batch)
        return try read(batch)
    }

    mutating func read(_ batch: Batch) throws -> [Instant] {
        var instants: [Instant] = []
        for item in batch.items {
            switch item {
            case .layout(_, let additions):
                var grown = additions.parent == .none ? Layout() : try #require(layouts[additions.parent])
                try grown.append(additions)
                layouts[grown.hash] = grown
                layout = grown
            case .keyframe(let keyframe):
                let values = try batch.values(of: keyframe)
                #expect(values.shape == keyframe.shape)
                keyframes[KeyframeName(source: keyframe.source, sequence: batch.header.sequence)] = values
                instants.append(Instant(source: keyframe.source, timestamp: keyframe.timestamp, values: values.values))
            case .frame(let frame):
                let keyframe = try #require(
                    keyframes[KeyframeName(source: frame.source, sequence: frame.keyframe)])
                let values = try batch.values(of: frame, keyframe: keyframe)
                instants.append(Instant(source: frame.source, timestamp: frame.timestamp, values: values))
            default: continue
            }
        }
        return instants
    }
}
