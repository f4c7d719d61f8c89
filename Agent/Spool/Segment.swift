internal import DurableFiles
internal import FrameCodec
internal import Model

/// One file of the spool: batches of one epoch with consecutive sequences. Owned by one spool, which serialises it.
final class Segment {
    let path: String
    let header: SegmentFormat.Header
    /// What is acknowledged.
    private(set) var mark: SegmentFormat.Mark
    /// Where the next record goes; what comes behind, if the segment is closed, is the footer.
    private(set) var bytes: Int
    private(set) var records: Int
    private(set) var firstAt: Int64
    private(set) var lastAt: Int64
    private var hasFooter: Bool
    /// Written and not yet synced.
    private(set) var isDirty: Bool
    /// Numbers that the aggregator will never take: it does not lack them. Known to this opening only; bounded.
    private(set) var refused: Set<UInt64> = []
    /// Open while it is appended to.
    private var file: AppendedFile?

    /// Holds the handle, which has one owner.
    private final class AppendedFile {
        let handle: OpenFile
        init(_ handle: consuming OpenFile) { self.handle = handle }
    }

    /// A record, found at an offset.
    struct Found {
        var header: SegmentFormat.RecordHeader
        var body: [UInt8]
        var offset: Int
        var end: Int { header.end(from: offset) }
    }

    var epoch: UInt64 { header.epoch }
    var number: UInt64 { header.number }
    var pending: Int { records - mark.records }
    var isAcknowledged: Bool { pending == 0 }
    /// The number of the first batch that waits.
    var firstPending: UInt64 { header.firstSequence + UInt64(mark.records) }
    /// Whether it may be appended to.
    var isOpen: Bool { file != nil }
    /// Bytes on the disk.
    var size: Int { bytes + (hasFooter ? SegmentFormat.footerBytes : 0) }

    static func name(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return "segment-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func number(_ name: String) -> UInt64? {
        guard name.hasPrefix("segment-"), name.utf8.count == 24 else { return nil }
        return UInt64(name.dropFirst(8), radix: 16)
    }

    /// Makes a segment.
    init(creating header: SegmentFormat.Header, in directory: String) throws(FileError) {
        path = directory + "/" + Self.name(header.number)
        self.header = header
        mark = .none
        bytes = SegmentFormat.firstRecord
        (records, firstAt, lastAt, hasFooter, isDirty) = (0, 0, 0, false, true)
        do throws(FileError) {
            let opened = AppendedFile(try OpenFile(path, .createNew))
            try opened.handle.write(SegmentFormat.encode(header) + SegmentFormat.encode(mark), at: 0)
            file = opened
        } catch {
            // The file holds nothing; a name left behind is recognised as such when the spool is opened.
            try? Directory.removeFile(path)
            throw error
        }
    }

    /// Reads what the segment at `path` holds, cuts off a torn record and closes it; nil if it holds nothing.
    init?(recovering path: String, number: UInt64) throws(FileError) {
        let handle = try OpenFile(path, .update)
        let size = try handle.size()
        let head = try handle.read(at: 0, count: SegmentFormat.firstRecord)
        guard let header = SegmentFormat.header(head[...]), header.number == number else { return nil }
        self.path = path
        self.header = header
        let stored = SegmentFormat.mark(head.dropFirst(SegmentFormat.headerBytes))
        (hasFooter, isDirty, file) = (true, false, nil)
        let footerAt = max(size - SegmentFormat.footerBytes, SegmentFormat.firstRecord)
        let tail = try handle.read(at: footerAt, count: SegmentFormat.footerBytes)
        let footer: SegmentFormat.Footer
        if let known = SegmentFormat.footer(tail[...], size: size) {
            footer = known
        } else {
            footer = Self.scan(try handle.read(at: 0, count: size), firstSequence: header.firstSequence)
            try handle.truncate(to: footer.bytes)
            try handle.write(SegmentFormat.encode(footer), at: footer.bytes)
            isDirty = true
        }
        (bytes, records, firstAt, lastAt) = (footer.bytes, footer.records, footer.firstAt, footer.lastAt)
        let isPossible = SegmentFormat.firstRecord...bytes ~= stored.bytes && stored.records <= records
        mark = isPossible ? stored : .none
        if records == 0 { return nil }
    }

    /// The longest prefix of whole records.
    private static func scan(_ content: [UInt8], firstSequence: UInt64) -> SegmentFormat.Footer {
        var footer = SegmentFormat.Footer(records: 0, bytes: SegmentFormat.firstRecord, firstAt: 0, lastAt: 0)
        while footer.bytes < content.count {
            let rest = content[footer.bytes...]
            guard let header = SegmentFormat.recordHeader(rest), SegmentFormat.body(header, rest) != nil,
                header.sequence == firstSequence + UInt64(footer.records)
            else { break }
            if footer.records == 0 { footer.firstAt = header.madeAt }
            footer.lastAt = header.madeAt
            footer.records += 1
            footer.bytes = header.end(from: footer.bytes)
        }
        return footer
    }

    /// Appends a record. When it throws, the segment holds what it held before, as far as the disk allows; append no
    /// more to it.
    func append(_ body: [UInt8], sequence: UInt64, madeAt: Int64, sync: Bool) throws(FileError) {
        guard let file else { throw FileError(.system, "append to a closed segment", path: path) }
        let record = SegmentFormat.record(body, sequence: sequence, madeAt: madeAt)
        do throws(FileError) {
            try file.handle.write(record, at: bytes)
            if sync { try file.handle.syncData() }
        } catch {
            // If this fails too, the next opening finds a torn record, or a whole one with a number of its own.
            try? file.handle.truncate(to: bytes)
            throw error
        }
        if records == 0 { firstAt = madeAt }
        lastAt = madeAt
        records += 1
        bytes += record.count
        isDirty = !sync
    }

    /// Writes the footer and closes the file. A footer that cannot be written costs a scan at the next opening.
    func close() {
        guard let file else { return }
        self.file = nil
        isDirty = true
        let footer = SegmentFormat.Footer(records: records, bytes: bytes, firstAt: firstAt, lastAt: lastAt)
        do throws(FileError) {
            try file.handle.truncate(to: bytes)
            try file.handle.write(SegmentFormat.encode(footer), at: bytes)
            hasFooter = true
        } catch {
            hasFooter = false
        }
    }

    /// Waits until everything written is on the disk.
    func sync() throws(FileError) {
        if let file { try file.handle.syncData() } else { try OpenFile(path, .update).syncData() }
        isDirty = false
    }

    /// The record at `offset`; nil at the end of the records.
    ///
    /// - Throws: `SpoolError.damaged` if it cannot be read back.
    func record(at offset: Int) throws(SpoolError) -> Found? {
        guard offset < bytes else { return nil }
        do throws(FileError) {
            if let file { return try found(at: offset, file.handle) }
            return try found(at: offset, try OpenFile(path, .read))
        } catch {
            throw SpoolError(.damaged, "a segment cannot be read: \(error)", cause: error)
        }
    }

    private func found(at offset: Int, _ handle: borrowing OpenFile) throws(FileError) -> Found {
        let head = try handle.read(at: offset, count: SegmentFormat.recordHeaderBytes)
        guard let header = SegmentFormat.recordHeader(head[...]), header.end(from: offset) <= bytes else {
            throw FileError(.damaged, "read a record", path: path)
        }
        let body = try handle.read(at: offset + head.count, count: header.length)
        guard SegmentFormat.body(header, (head + body)[...]) != nil else {
            throw FileError(.damaged, "check a record", path: path)
        }
        return Found(header: header, body: body, offset: offset)
    }

    /// `sequence` counts as acknowledged, but will never be in the aggregator's ledger.
    func noteRefused(_ sequence: UInt64) {
        if refused.count < 1000 { refused.insert(sequence) }
    }

    /// Remembers, on the disk without waiting for it, what is acknowledged.
    func set(_ mark: SegmentFormat.Mark) throws(FileError) {
        guard mark != self.mark else { return }
        self.mark = mark
        let bytes = SegmentFormat.encode(mark)
        if let file {
            try file.handle.write(bytes, at: SegmentFormat.headerBytes)
        } else {
            try OpenFile(path, .update).write(bytes, at: SegmentFormat.headerBytes)
        }
    }

    /// All of it is acknowledged, or as good as that.
    var end: SegmentFormat.Mark { SegmentFormat.Mark(bytes: bytes, records: records) }

    /// Says that what was not acknowledged is lost.
    func dropReport(_ reason: DropReport.Reason) -> DropReport {
        DropReport(
            reason: reason, batches: UInt64(pending), epoch: epoch,
            firstSequence: firstPending, firstAt: Timestamp(milliseconds: firstAt),
            lastAt: Timestamp(milliseconds: lastAt))
    }
}
