import DurableFiles

/// One aggregator per state directory, for as long as this object lives.
final class StateLock: Sendable {
    private let lock: FileLock

    init(stateDirectory: String) throws(FileError) {
        try Directory.create(stateDirectory)
        lock = try FileLock("\(stateDirectory)/aggregator.lock")
    }
}
