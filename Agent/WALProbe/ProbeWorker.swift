internal import AsyncSupport
internal import DurableFiles
internal import Glibc
internal import HostCollectors

/// Everything of the probe that may block on the disk, on a thread of its own.
actor ProbeWorker {
    private let executor = BlockingExecutor(label: "wal-probe")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let finder: ProbePlaceFinder
    private let pressureFile: String
    private var reader = FileReader()
    private var place: ProbePlace?
    private var file: ProbeFile?
    private let content: [UInt8]

    init(finder: ProbePlaceFinder) {
        self.finder = finder
        pressureFile = finder.root.proc + "/pressure/io"
        var random = SystemRandomNumberGenerator()
        // Random: a filesystem that compresses would write next to nothing of anything else.
        let words = (ProbeOptions.recordSizes.max() ?? 8) / 8 + 1
        content = (0..<words).flatMap { _ in withUnsafeBytes(of: random.next() as UInt64, Array.init) }
    }

    /// Looks for the place, or makes sure that it is still the one.
    func findPlace() throws(ProbeImpossibility) -> ProbePlace {
        if let place, finder.isCurrent(place) { return place }
        close()
        let found = try finder.find()
        place = found
        return found
    }

    /// What the host says now.
    func hostReading() -> ProbeGate.HostReading {
        var reading = ProbeGate.HostReading(pressure: pressure())
        var status = statvfs()
        if let place, statvfs(place.directory, &status) == 0 {
            reading.freeBytes = Double(status.f_bavail) * Double(status.f_frsize)
            reading.sizeBytes = Double(status.f_blocks) * Double(status.f_frsize)
        }
        return reading
    }

    /// `full avg10` of /proc/pressure/io; nil on a kernel without it.
    private func pressure() -> Double? {
        guard var text = try? reader.read(pressureFile) else { return nil }  // absence is the answer
        while let kind = text.word() {
            if kind == "full", let average = text.word(), average.hasPrefix("avg10=") {
                return Double(average.dropFirst(6))
            }
            text.nextLine()
        }
        return nil
    }

    /// Where the next record of `bytes` would stand in the file.
    func offset(for bytes: Int) -> Int {
        guard let offset = file?.offset, offset + bytes <= ProbeFile.sizeBytes else { return 0 }
        return offset
    }

    /// Writes one record of `bytes`.
    func append(_ bytes: Int) throws -> (write: Duration, sync: Duration) {
        guard let place else { throw ProbeImpossibility(code: .failed, message: "there is no place") }
        do throws(FileError) {
            if !(file?.hasRoom(for: bytes) ?? false) {
                file = nil
                let fresh = try ProbeFile.make(in: place.directory)
                file = consume fresh
            }
            guard let times = try file?.append(Array(content.prefix(bytes))) else {
                throw FileError("open", path: place.directory, errno: EBADF)
            }
            return times
        } catch {
            close()
            throw ProbeImpossibility(code: .failed, message: "\(place.directory): \(error)")
        }
    }

    /// Lets go of file and place; they are looked for again.
    func close() {
        file = nil
        place = nil
    }
}
