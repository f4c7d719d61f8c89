internal import Model

extension Batch {
    /// The first bytes of every body: "EMB" and the version.
    static let magic: [UInt8] = [0x45, 0x4d, 0x42, 0x01]

    /// Reads a decompressed `body` and checks its structure whole. What it builds on is StreamContext's to check.
    ///
    /// - Throws: for any bytes that are no batch; never traps, and never takes more memory than a small multiple of the
    ///   body.
    public static func decode(_ body: [UInt8], limits: CodecLimits = CodecLimits()) throws(CodecError) -> Batch {
        guard body.count <= limits.bodyBytes else {
            throw CodecError(.tooLarge, "\(body.count) bytes; the limit is \(limits.bodyBytes)")
        }
        let (header, items) = try body.withUnsafeBufferPointer {
            (buffer) throws(CodecError) -> (BatchHeader, [BatchItem]) in
            let bytes = UnsafeRawBufferPointer(buffer)
            var reader = ByteReader(bytes, 0..<bytes.count)
            let header = try BatchHeader(from: &reader)
            var decoder = ItemDecoder(bytes: bytes, header: header, limits: limits)
            while !reader.isAtEnd { try decoder.next(&reader) }
            return (header, decoder.items)
        }
        return Batch(header: header, items: items, body: body)
    }
}

extension BatchHeader {
    init(from reader: inout ByteReader) throws(CodecError) {
        let magic = try reader.array(Batch.magic.count)
        guard magic.dropLast() == Batch.magic.dropLast() else {
            throw CodecError(.badMagic, "these bytes are no batch")
        }
        guard magic == Batch.magic else {
            throw CodecError(.unsupported, "version \(magic[3]) of the batch format is not known here")
        }
        guard let agent = AgentID(bytes: try reader.array(16)) else { preconditionFailure("16 bytes were read") }
        let epoch = try reader.littleEndian(8)
        let sequence = try reader.varint()
        guard 1...UInt64(Int64.max) ~= epoch, 1...UInt64(Int64.max) ~= sequence else {
            throw CodecError(.malformed, at: 20, "epoch and sequence are positive numbers of 63 bits")
        }
        let madeAt = Timestamp(milliseconds: try reader.signed())
        self.init(agent: agent, epoch: epoch, sequence: sequence, madeAt: madeAt)
    }

    func encode(into writer: inout ByteWriter) {
        writer.raw(Batch.magic)
        writer.raw(agent.bytes)
        writer.littleEndian(epoch, 8)
        writer.varint(sequence)
        writer.signed(madeAt.milliseconds)
    }
}

/// Reads one item after the other.
private struct ItemDecoder {
    let bytes: UnsafeRawBufferPointer
    let header: BatchHeader
    let limits: CodecLimits
    var items: [BatchItem] = []
    private var keyframeSources: Set<Int> = []
    private var count = 0

    init(bytes: UnsafeRawBufferPointer, header: BatchHeader, limits: CodecLimits) {
        self.bytes = bytes
        self.header = header
        self.limits = limits
    }

    mutating func next(_ reader: inout ByteReader) throws(CodecError) {
        let start = reader.at
        count += 1
        guard count <= limits.items else { throw CodecError(.tooLarge, at: start, "more than \(limits.items) items") }
        let kind = try reader.byte()
        let range = try reader.skip(try reader.count())
        guard let kind = ItemKind(rawValue: kind) else {
            if kind >= ItemKind.optional { return }
            throw CodecError(.unsupported, at: start, "an item of kind \(kind) is not known here")
        }
        items.append(try item(kind, range))
    }

    private mutating func item(_ kind: ItemKind, _ range: Range<Int>) throws(CodecError) -> BatchItem {
        var reader = ByteReader(bytes, range)
        if kind == .drop {
            let report = try DropReport(from: &reader)
            try reader.finish()
            return .drop(report)
        }
        let number = try source(&reader)
        switch kind {
        case .source:
            let descriptor = try SourceDescriptor(from: &reader)
            try reader.finish()
            return .source(number: number, descriptor: descriptor)
        case .layout:
            return .layout(
                source: number, additions: try LayoutAdditions(bytes, reader.at..<range.upperBound, limits: limits))
        case .state:
            return .state(source: number, json: try reader.array(reader.left))
        case .keyframe:
            return .keyframe(try keyframe(of: number, &reader))
        case .frame:
            return .frame(try frame(of: number, &reader))
        case .drop:
            preconditionFailure("read above")
        }
    }

    private func source(_ reader: inout ByteReader) throws(CodecError) -> Int {
        let start = reader.at
        let number = try reader.varint()
        guard number < UInt64(limits.sources) else {
            throw CodecError(.tooLarge, at: start, "source \(number) of at most \(limits.sources)")
        }
        return Int(number)
    }

    private func timestamp(_ reader: inout ByteReader) throws(CodecError) -> Timestamp {
        Timestamp(milliseconds: header.madeAt.milliseconds &- (try reader.signed()))
    }

    private mutating func keyframe(of source: Int, _ reader: inout ByteReader) throws(CodecError) -> Keyframe {
        let start = reader.at
        guard keyframeSources.insert(source).inserted else {
            throw CodecError(.malformed, at: start, "a second keyframe of source \(source)")
        }
        let timestamp = try timestamp(&reader)
        guard let layout = LayoutHash(bytes: try reader.array(32)) else { preconditionFailure("32 bytes were read") }
        let shape = try KeyframeValues.shape(reader, limit: limits.series)
        return Keyframe(
            source: source, timestamp: timestamp, layout: layout, shape: shape, payload: reader.at..<reader.end)
    }

    private func frame(of source: Int, _ reader: inout ByteReader) throws(CodecError) -> Frame {
        let timestamp = try timestamp(&reader)
        let start = reader.at
        let back = try reader.varint()
        guard back < header.sequence else {
            throw CodecError(.malformed, at: start, "a keyframe before the first batch")
        }
        let bound = try FrameCoding.bound(reader, limit: limits.series)
        return Frame(
            source: source, timestamp: timestamp, keyframe: header.sequence - back, bound: bound,
            payload: reader.at..<reader.end)
    }
}
