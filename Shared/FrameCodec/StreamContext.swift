/// What one epoch of one agent's stream has said so far, as far as a batch can build on it. Checks batches whole before
/// they are stored, and says exactly what is missing. A value: keep the copy that belongs to what was committed.
public struct StreamContext: Sendable {
    /// Keyframes of one source that are remembered: live ones and those of history that is sent late.
    static let keyframesPerSource = 4
    /// Layouts of one source that are remembered.
    static let layoutsPerSource = 32

    private struct Source: Sendable {
        var descriptor: SourceDescriptor
        var layouts: [(hash: LayoutHash, size: LayoutSize)] = []
        var keyframes: [(sequence: UInt64, shape: KeyframeShape)] = []
    }

    private var sources: [Int: Source] = [:]

    /// Nothing was said.
    public init() {}

    /// What is known of `source`.
    public func descriptor(of source: Int) -> SourceDescriptor? { sources[source]?.descriptor }

    /// Remembers a descriptor, found in a store.
    public mutating func add(_ descriptor: SourceDescriptor, source: Int) throws(CodecError) {
        guard let known = sources[source]?.descriptor else {
            sources[source] = Source(descriptor: descriptor)
            return
        }
        guard known == descriptor else {
            throw CodecError(.contradiction, "source \(source) was another one before, in the same epoch")
        }
    }

    /// Remembers a layout's size, found in a store.
    public mutating func add(_ layout: LayoutHash, size: LayoutSize, source: Int) {
        guard sources[source]?.layouts.contains(where: { $0.hash == layout }) == false else { return }
        sources[source]?.layouts.append((layout, size))
        if let count = sources[source]?.layouts.count, count > Self.layoutsPerSource {
            sources[source]?.layouts.removeFirst()
        }
    }

    /// Remembers a keyframe, found in a store.
    public mutating func add(keyframe shape: KeyframeShape, sequence: UInt64, source: Int) {
        guard var keyframes = sources[source]?.keyframes else { return }
        keyframes.removeAll { $0.sequence == sequence }
        keyframes.append((sequence, shape))
        if keyframes.count > Self.keyframesPerSource {
            // The newest by number serves the live frames, however fast history comes in beside them.
            let newest = keyframes.map(\.sequence).max()
            keyframes.remove(at: keyframes.first?.sequence == newest ? 1 : 0)
        }
        sources[source]?.keyframes = keyframes
    }

    /// Checks `batch` against what was said, and remembers what it says. When it throws, nothing is remembered.
    ///
    /// - Throws: `.missingContext` with what is missing; `.contradiction` if the batch denies what was said.
    public mutating func admit(_ batch: Batch) throws(CodecError) {
        var next = self
        for item in batch.items { try next.admit(item, sequence: batch.header.sequence) }
        self = next
    }

    private mutating func admit(_ item: BatchItem, sequence: UInt64) throws(CodecError) {
        switch item {
        case .source(let number, let descriptor):
            guard descriptor.kind != .aggregator else {
                throw CodecError(.contradiction, "the aggregator's own source in a stream")
            }
            try add(descriptor, source: number)
        case .layout(let source, let additions):
            try admit(additions, source: source)
        case .keyframe(let keyframe):
            let size = try layout(keyframe.layout, of: keyframe.source)
            guard size.series == keyframe.shape.series else {
                throw CodecError(
                    .contradiction, "a keyframe of \(keyframe.shape.series) values for \(size.series) series")
            }
            add(keyframe: keyframe.shape, sequence: sequence, source: keyframe.source)
        case .frame(let frame):
            try admit(frame)
        case .state(let source, _):
            _ = try known(source)
        case .drop:
            return
        }
    }

    private mutating func admit(_ additions: LayoutAdditions, source: Int) throws(CodecError) {
        if additions.parent == .none {
            _ = try known(source)
        } else {
            let size = try layout(additions.parent, of: source)
            guard size == additions.parentSize else {
                throw CodecError(.contradiction, "a layout that counts other series in its parent")
            }
        }
        add(additions.hash, size: additions.size, source: source)
    }

    private func admit(_ frame: Frame) throws(CodecError) {
        let source = try known(frame.source)
        guard let keyframe = source.keyframes.last(where: { $0.sequence == frame.keyframe }) else {
            throw CodecError(
                .missingContext, "the keyframe of source \(frame.source) in batch \(frame.keyframe) is not known",
                missing: .keyframe(source: frame.source, sequence: frame.keyframe))
        }
        let shape = keyframe.shape
        guard frame.bound.whole <= shape.whole, frame.bound.zero <= shape.zero, frame.bound.fraction <= shape.fraction
        else { throw CodecError(.contradiction, "a frame that changes series its keyframe lacks") }
    }

    private func known(_ source: Int) throws(CodecError) -> Source {
        guard let known = sources[source] else {
            throw CodecError(.missingContext, "source \(source) is not known", missing: .source(source))
        }
        return known
    }

    private func layout(_ hash: LayoutHash, of source: Int) throws(CodecError) -> LayoutSize {
        guard let layout = try known(source).layouts.last(where: { $0.hash == hash }) else {
            throw CodecError(
                .missingContext, "the layout \(hash) of source \(source) is not known",
                missing: .layout(hash, source: source))
        }
        return layout.size
    }
}
