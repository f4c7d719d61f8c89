internal import Model

/// What the stream has said so far about one source.
struct EncodedSource: Sendable {
    let descriptor: SourceDescriptor
    /// The state said last; nil if none was.
    var state: [UInt8]?

    private var isIntroduced = false
    private var layout = LayoutHash.none
    private var size = LayoutSize(families: 0, series: 0)
    /// The series of the layout, sharing the board's storage: as long as nothing was added, comparing them is comparing
    /// one address.
    private var known: [SampleBoard.Series] = []
    private var keyframe: (values: KeyframeValues, sequence: UInt64)?
    private var framesSince = 0

    init(descriptor: SourceDescriptor) { self.descriptor = descriptor }

    /// Forgets what was said.
    mutating func restart() { self = EncodedSource(descriptor: descriptor) }

    /// Says what the source is, once.
    mutating func introduce(_ number: Int, into writer: inout ByteWriter) {
        guard !isIntroduced else { return }
        isIntroduced = true
        writer.item(.source) {
            $0.varint(number)
            descriptor.encode(into: &$0)
        }
    }

    /// Says what `board` holds, `age` milliseconds before the batch was made.
    mutating func encode(
        _ board: SampleBoard, number: Int, sequence: UInt64, age: Int64, keyframeEvery: Int,
        into writer: inout ByteWriter
    ) {
        let isGrown = extendLayout(board, number: number, into: &writer)
        guard !isGrown, framesSince + 1 < keyframeEvery, let keyframe, keyframe.sequence < sequence else {
            encodeKeyframe(board, number: number, sequence: sequence, age: age, into: &writer)
            return
        }
        framesSince += 1
        writer.item(.frame) {
            $0.varint(number)
            $0.signed(age)
            $0.varint(sequence - keyframe.sequence)
            FrameCoding.encode(board.values, keyframe: keyframe.values, into: &$0)
        }
    }

    private mutating func encodeKeyframe(
        _ board: SampleBoard, number: Int, sequence: UInt64, age: Int64, into writer: inout ByteWriter
    ) {
        let values = KeyframeValues(board.values)
        keyframe = (values, sequence)
        framesSince = 0
        writer.item(.keyframe) {
            $0.varint(number)
            $0.signed(age)
            $0.raw(layout.bytes)
            values.encode(into: &$0)
        }
    }

    /// Says what series `board` has beyond the layout; a board that was begun anew starts a layout of its own.
    private mutating func extendLayout(_ board: SampleBoard, number: Int, into writer: inout ByteWriter) -> Bool {
        if layout != .none, board.series == known { return false }
        if !board.series.starts(with: known) { (layout, size) = (.none, LayoutSize(families: 0, series: 0)) }
        let additions = LayoutAdditions(
            parent: layout, parentSize: size, families: board.families[size.families...].map(\.bounded),
            series: board.series[size.series...].map { Layout.Series(labels: $0.labels.bounded, family: $0.family) })
        (layout, size, known) = (additions.hash, additions.size, board.series)
        writer.item(.layout) {
            $0.varint(number)
            $0.raw(additions.encoded)
        }
        return true
    }
}

extension String {
    /// As much of it as a decoder accepts.
    fileprivate var bounded: String {
        guard utf8.count > LayoutAdditions.textLimit else { return self }
        // A character that was cut becomes U+FFFD: up to three bytes for one.
        return String(decoding: utf8.prefix(LayoutAdditions.textLimit - 8), as: UTF8.self)
    }
}

extension Labels {
    /// With values that a decoder accepts.
    fileprivate var bounded: Labels {
        allSatisfy { $0.value.utf8.count <= LayoutAdditions.textLimit }
            ? self : Labels(map { Label($0.name, $0.value.bounded) })
    }
}

extension MetricFamily {
    /// With a HELP line that a decoder accepts.
    fileprivate var bounded: MetricFamily { MetricFamily(name: name, type: type, help: help.bounded) }
}
