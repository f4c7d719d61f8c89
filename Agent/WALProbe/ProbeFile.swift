internal import DurableFiles
internal import Glibc

/// The file that records are written to as etcd writes its WAL: preallocated, written forward, `fdatasync` after each
/// record; a fresh one when it is full. Neither a growing file (each sync would also write the file's length) nor one
/// that is written again (no sync would write the filesystem's records of the blocks) is what etcd does.
///
/// It keeps its name while it is open: btrfs does not log a file without a name, f2fs writes a whole checkpoint for it.
struct ProbeFile: ~Copyable {
    /// Of one file.
    static let sizeBytes = 4 << 20
    /// In the probe's directory; what a crash left of it is replaced.
    static let name = "wal-probe"

    private let file: OpenFile
    private(set) var offset = 0
    /// `st_dev` of the file: the filesystem that it is really on.
    let device: DeviceNumber

    private init(_ file: consuming OpenFile, on device: DeviceNumber) {
        self.file = file
        self.device = device
    }

    /// Makes and preallocates the file in `directory`, which costs a few writes that are not measured.
    static func make(in directory: String) throws(FileError) -> ProbeFile {
        let path = "\(directory)/\(name)"
        try Directory.removeFile(path)
        let file = try OpenFile(path, .createNew)
        var status = stat()
        fstat(file.descriptor, &status)
        // From here on it is removed whatever happens.
        let made = ProbeFile(file, on: DeviceNumber(status.st_dev))
        try made.file.preallocate(sizeBytes)
        try made.file.sync()
        return made
    }

    deinit { unlink(file.path) }

    func hasRoom(for bytes: Int) -> Bool { offset + bytes <= Self.sizeBytes }

    /// Writes `record` and waits until it is on the disk.
    mutating func append(_ record: [UInt8]) throws(FileError) -> (write: Duration, sync: Duration) {
        let clock = ContinuousClock()
        let began = clock.now
        try file.write(record, at: offset)
        let written = clock.now
        try file.syncData()
        let synced = clock.now
        offset += record.count
        return (written - began, synced - written)
    }
}

/// `major:minor`, as mountinfo writes it.
struct DeviceNumber: Hashable, Sendable, CustomStringConvertible {
    var major: UInt64
    var minor: UInt64

    /// Takes apart `st_dev` (makedev(3)).
    init(_ device: UInt) {
        let number = UInt64(device)
        major = (number >> 8) & 0xfff | (number >> 32) & 0xffff_f000
        minor = number & 0xff | (number >> 12) & 0xffff_ff00
    }

    var description: String { "\(major):\(minor)" }
}
