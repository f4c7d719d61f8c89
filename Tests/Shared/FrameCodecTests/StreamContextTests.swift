import Model
import Testing

@testable import FrameCodec

@Suite struct StreamContextTests {
    private func stream(_ count: Int, keyframeEvery: Int = 12) throws -> [Batch] {
        var scene = CodecScene(keyframeEvery: keyframeEvery)
        return try (1...count).map { tick in
            try Batch.decode(try scene.batch { CodecScene.write(&$0, tick: tick) })
        }
    }

    private func missing(_ batch: Batch, in context: StreamContext) -> MissingContext? {
        var context = context
        do throws(CodecError) {
            try context.admit(batch)
            return nil
        } catch {
            return error.missing
        }
    }

    @Test func saysWhichSourceKeyframeOrLayoutIsMissing() throws {
        let batches = try stream(14)
        var context = StreamContext()
        #expect(missing(batches[1], in: context) == .source(0))
        try context.add(CodecScene.sources[0], source: 0)
        #expect(missing(batches[1], in: context) == .keyframe(source: 0, sequence: 1))
        let keyframe = try #require(batches[12].keyframes.first { $0.source == 0 })
        #expect(missing(batches[12], in: context) == .layout(keyframe.layout, source: 0))
    }

    @Test func goesOnWithWhatWasFoundInAStore() throws {
        let batches = try stream(3)
        var context = StreamContext()
        for item in batches[0].items {
            switch item {
            case .source(let number, let descriptor): try context.add(descriptor, source: number)
            case .layout(let source, let additions): context.add(additions.hash, size: additions.size, source: source)
            case .keyframe(let keyframe): context.add(keyframe: keyframe.shape, sequence: 1, source: keyframe.source)
            default: continue
            }
        }
        try context.admit(batches[1])
        try context.admit(batches[2])
    }

    @Test func framesMayComeInAnyOrderAfterTheirKeyframe() throws {
        let batches = try stream(12)
        var context = StreamContext()
        try context.admit(batches[0])
        for batch in batches.dropFirst().shuffled() { try context.admit(batch) }
    }

    @Test func historyInALoadedHurryDoesNotPushOutTheLiveKeyframe() throws {
        let batches = try stream(100, keyframeEvery: 2)
        var context = StreamContext()
        for batch in batches[0..<2] { try context.admit(batch) }
        // Keyframe 99 is the live one; its frame is 100. Between them all history is sent.
        try context.admit(batches[98])
        for batch in batches[2..<98] { try context.admit(batch) }
        try context.admit(batches[99])
    }

    @Test func aSourceKeepsItsDescriptorInAnEpoch() throws {
        var context = StreamContext()
        try context.add(CodecScene.sources[0], source: 0)
        try context.add(CodecScene.sources[0], source: 0)
        #expect { try context.add(CodecScene.sources[1], source: 0) } throws: {
            ($0 as? CodecError)?.code == .contradiction
        }
    }

    @Test func aRefusedBatchLeavesNothingBehind() throws {
        let batches = try stream(2)
        var context = StreamContext()
        let halfway = Batch(header: batches[0].header, items: batches[0].items + batches[1].items, body: [])
        var other = halfway.items
        other.append(.state(source: 9, json: []))
        #expect(throws: CodecError.self) {
            try context.admit(Batch(header: batches[0].header, items: other, body: []))
        }
        #expect(missing(batches[1], in: context) == .source(0))
    }

    @Test func refusesAKeyframeOfAnotherCountThanItsLayout() throws {
        let batch = try stream(1)[0]
        let items = batch.items.map { item -> BatchItem in
            guard case .keyframe(let keyframe) = item else { return item }
            var shape = keyframe.shape
            shape.zero += 1
            return .keyframe(
                Keyframe(
                    source: keyframe.source, timestamp: keyframe.timestamp, layout: keyframe.layout, shape: shape,
                    payload: keyframe.payload))
        }
        var context = StreamContext()
        #expect { try context.admit(Batch(header: batch.header, items: items, body: batch.body)) } throws: {
            ($0 as? CodecError)?.code == .contradiction
        }
    }

    @Test func refusesAFrameThatChangesWhatItsKeyframeLacks() throws {
        let batches = try stream(2)
        var context = StreamContext()
        try context.admit(batches[0])
        let items = batches[1].items.map { item -> BatchItem in
            guard case .frame(let frame) = item else { return item }
            var bound = frame.bound
            bound.whole += 100
            return .frame(
                Frame(
                    source: frame.source, timestamp: frame.timestamp, keyframe: frame.keyframe, bound: bound,
                    payload: frame.payload))
        }
        #expect { try context.admit(Batch(header: batches[1].header, items: items, body: [])) } throws: {
            ($0 as? CodecError)?.code == .contradiction
        }
    }

    @Test func theAggregatorsOwnSourceMayNotStandInAStream() throws {
        let batch = try stream(1)[0]
        let own = SourceDescriptor(kind: .aggregator, name: "", interval: .seconds(5))
        var context = StreamContext()
        #expect(throws: CodecError.self) {
            try context.admit(
                Batch(header: batch.header, items: [.source(number: 0, descriptor: own)], body: batch.body))
        }
    }
}
