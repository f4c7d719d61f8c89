import Model
import Testing

@testable import FrameCodec

@Suite struct FrameCodecTests {
    /// Values that are apt to break something.
    private static let odd: [Double] = [
        0, -0.0, 1, -1, .nan, .stale, Double(bitPattern: 0xfff8_0000_dead_beef),
        Double(bitPattern: 0x7ff0_0000_0000_0001),
        .infinity, -.infinity, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0x1p52, 0x1p53,
        -0x1p53, 0x1p53 - 1, 1 - 0x1p53, 0x1p62, 0x1p63, -0x1p63, 0x1p64, 9_007_199.254740992, 9_007_199.254740991, 0.1,
        1e-9, 1.5e-9, 123_456.789, 1 / 3, 1e300, -1e-300, 4_294_967_296, 0.30000000000000004,
    ]

    private func roundTrip(_ values: [Double], from base: [Double]) throws {
        let keyframe = KeyframeValues(base)
        var writer = ByteWriter()
        FrameCoding.encode(values, keyframe: keyframe, into: &writer)
        try writer.bytes.withUnsafeBytes { bytes in
            let reader = ByteReader(bytes, 0..<bytes.count)
            let bound = try FrameCoding.bound(reader, limit: base.count)
            let shape = keyframe.shape
            #expect(bound.whole <= shape.whole && bound.zero <= shape.zero && bound.fraction <= shape.fraction)
            let decoded = try FrameCoding.decode(reader, keyframe: keyframe)
            #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern))
            for wanted in [Array(values.indices), values.indices.filter { $0 % 3 == 1 }, [0], [values.count - 1], []] {
                let columns = try keyframe.columns(wanted).decode(reader, shape: shape)
                #expect(columns.map(\.bitPattern) == wanted.map { values[$0].bitPattern })
            }
        }
        var whole = ByteWriter()
        KeyframeValues(values).encode(into: &whole)
        try whole.bytes.withUnsafeBytes { bytes in
            let decoded = try KeyframeValues(bytes, 0..<bytes.count, limit: values.count)
            #expect(decoded.values.map(\.bitPattern) == values.map(\.bitPattern))
            let shape = try KeyframeValues.shape(ByteReader(bytes, 0..<bytes.count), limit: values.count)
            #expect(shape == KeyframeValues(values).shape)
        }
    }

    @Test func everyOddValueComesBackFromEveryOther() throws {
        for base in Self.odd {
            try roundTrip(Self.odd, from: Array(repeating: base, count: Self.odd.count))
        }
    }

    @Test func randomValuesComeBackBitByBit() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<400 {
            let count = 1 + random.below(60)
            let base = (0..<count).map { _ in Self.value(&random) }
            let values = base.map { random.below(3) == 0 ? $0 : Self.value(&random, near: $0) }
            try roundTrip(values, from: base)
        }
    }

    private static func value(_ random: inout SeededRandom, near base: Double = 0) -> Double {
        switch random.below(6) {
        case 0: odd[random.below(odd.count)]
        case 1: Double(bitPattern: random.next())
        case 2: 0
        case 3: base.isFinite ? base + Double(random.below(1000)) : 7
        case 4: base.isFinite ? base + Double(random.below(1_000_000_000)) / 1e9 : 0.5
        default: Double(random.below(1_000_000))
        }
    }

    @Test func aFrameInWhichNothingChangedIsThreeBytes() throws {
        let values = (0..<1000).map { Double($0) / ($0 % 2 == 0 ? 1 : 3) }
        var writer = ByteWriter()
        FrameCoding.encode(values, keyframe: KeyframeValues(values), into: &writer)
        #expect(writer.bytes == [0, 0, 0])
    }

    @Test func batchesComeBackWithEverythingInThem() throws {
        var scene = CodecScene()
        var receiver = Receiver()
        let state = Array(#"{"reachable":true}"#.utf8)
        let report = DropReport(
            reason: .spoolFull, batches: 7, epoch: 3, firstSequence: 12, firstAt: CodecScene.start,
            lastAt: CodecScene.start + .seconds(30))
        for tick in 1...40 {
            let body = try scene.batch({ CodecScene.write(&$0, tick: tick) }) {
                $0.add(state: state, source: 0)
                if tick == 3 { $0.add(report) }
            }
            let batch = try Batch.decode(body)
            #expect(batch.header.sequence == UInt64(tick) && batch.header.epoch == scene.epoch)
            #expect(batch.span == batch.header.madeAt - .milliseconds(8)...batch.header.madeAt - .milliseconds(7))
            try receiver.context.admit(batch)
            let instants = try receiver.read(batch)
            #expect(instants.map(\.source) == [0, 1])
            for (instant, board) in zip(instants, scene.boards) {
                #expect(instant.values.map(\.bitPattern) == board.values.map(\.bitPattern))
            }
            let states = batch.items.filter { if case .state(0, state) = $0 { true } else { false } }
            #expect(states.count == (tick == 1 ? 1 : 0))
            let drops = batch.items.compactMap { if case .drop(let report) = $0 { report } else { nil } }
            #expect(drops == (tick == 3 ? [report] : []))
        }
        #expect(receiver.context.descriptor(of: 0) == CodecScene.sources[0])
        #expect(receiver.context.descriptor(of: 1) == CodecScene.sources[1])
    }

    @Test func keyframesComeEveryTwelveScrapesAndWithNewSeries() throws {
        var scene = CodecScene()
        var keyframes: [Int] = []
        var layouts: [Int] = []
        for tick in 1...30 {
            let batch = try Batch.decode(
                try scene.batch {
                    CodecScene.write(&$0, tick: tick)
                    if tick >= 18 { $0[0].set("late_total", to: 1, .counter, help: "") }
                })
            if batch.keyframes.contains(where: { $0.source == 0 }) { keyframes.append(tick) }
            if batch.items.contains(where: { if case .layout(0, _) = $0 { true } else { false } }) {
                layouts.append(tick)
            }
        }
        #expect(keyframes == [1, 13, 18, 30])
        #expect(layouts == [1, 18])
    }

    @Test func aSegmentCanBeReadByWhoKnowsNothingBefore() throws {
        var scene = CodecScene()
        for tick in 1...15 { _ = try scene.batch { CodecScene.write(&$0, tick: tick) } }
        var receiver = Receiver()
        for tick in 16...20 {
            let batch = try Batch.decode(
                try scene.batch(startsSegment: tick == 16) { CodecScene.write(&$0, tick: tick) })
            try receiver.context.admit(batch)
            #expect(try receiver.read(batch).map(\.values.count) == scene.boards.map(\.series.count))
        }
        #expect(receiver.layout?.series.map(\.labels) == scene.boards[1].series.map(\.labels))
    }

    @Test func aBoardThatWasBegunAnewGetsALayoutOfItsOwn() throws {
        var scene = CodecScene()
        var receiver = Receiver()
        for tick in 1...3 {
            _ = try receiver.receive(Compression.compress(scene.batch { CodecScene.write(&$0, tick: tick) }))
        }
        scene.boards[0] = SampleBoard()
        let body = try scene.batch { boards in
            for at in 0..<20 { boards[0].set("other_\(at)", to: 1, .gauge, help: "") }
        }
        let batch = try Batch.decode(body)
        try receiver.context.admit(batch)
        _ = try receiver.read(batch)
        let additions = batch.items.compactMap { if case .layout(0, let additions) = $0 { additions } else { nil } }
        #expect(additions.map(\.parent) == [.none])
    }

    @Test func aBoardOfTheSameSizeWithOtherSeriesIsNotTakenForTheOld() throws {
        var scene = CodecScene()
        var receiver = Receiver()
        for name in ["first", "second"] {
            scene.boards[0] = SampleBoard()
            let batch = try Batch.decode(
                try scene.batch { boards in
                    boards[0].set(name, to: 1, .gauge, help: "")
                    boards[0].set("last", to: 2, .gauge, help: "")
                })
            try receiver.context.admit(batch)
            _ = try receiver.read(batch)
            let keyframe = try #require(batch.keyframes.first { $0.source == 0 })
            #expect(receiver.layouts[keyframe.layout]?.series.map(\.labels.metric) == [name, "last"])
        }
    }

    @Test func textsThatAreTooLongAreCutSoThatTheBatchIsAccepted() throws {
        var scene = CodecScene()
        let long = String(repeating: "ä", count: 5000)
        let batch = try Batch.decode(
            try scene.batch { $0[0].set("a", ["path": long], to: 1, .gauge, help: long) })
        var receiver = Receiver()
        try receiver.context.admit(batch)
        _ = try receiver.read(batch)
        let keyframe = try #require(batch.keyframes.first { $0.source == 0 })
        let layout = try #require(receiver.layouts[keyframe.layout])
        #expect(layout.series[0].labels["path"].map { long.hasPrefix($0.dropLast()) } == true)
        #expect(layout.families[0].help.utf8.count > 4000)
    }

    @Test func layoutsAreNamedByTheirContentAndGrow() throws {
        let family = MetricFamily(name: "a", type: .gauge, help: "h")
        let first = LayoutAdditions(
            families: [family], series: [Layout.Series(labels: Labels(metric: "a", [Label("x", "1")]), family: 0)])
        var layout = Layout()
        try layout.append(first)
        let second = LayoutAdditions(
            parent: layout.hash, parentSize: layout.size, families: [],
            series: [Layout.Series(labels: Labels(metric: "a", [Label("x", "2")]), family: 0)])
        try layout.append(second)
        #expect(layout.size == LayoutSize(families: 1, series: 2))
        #expect(layout.hash == second.hash && first.hash != second.hash)
        #expect { try layout.append(first) } throws: { ($0 as? CodecError)?.code == .contradiction }
        let read = try LayoutAdditions(decoding: second.encoded)
        #expect(read.hash == second.hash && read.series == second.series && read.parent == first.hash)
        #expect(LayoutHash(bytes: second.hash.bytes) == second.hash)
    }
}
