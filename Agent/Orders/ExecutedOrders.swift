internal import DurableFiles
internal import JSON
internal import Model

/// The orders that were begun on this host, on disk before they are: none runs twice, whatever is sent again.
public struct ExecutedOrders: Sendable {
    private struct Entry: Sendable {
        var expires: Timestamp
        var isFinished: Bool
    }

    private let path: String
    private var entries: [String: Entry] = [:]

    /// An order may be valid for so long: then it can be forgotten a while after.
    static let longestLife = Duration.seconds(86_400)
    private static let limit = 1000

    /// Those kept in the file `path`.
    public init(path: String) throws {
        self.path = path
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try AtomicFile.read(path)
        } catch {
            guard error.code == .notFound else { throw error }
            return
        }
        let json = try JSONValue(parsing: bytes)
        for (id, value) in json.object ?? [] {
            guard let expires = value["expires"]?.int64 else { continue }
            entries[id] = Entry(
                expires: Timestamp(milliseconds: expires), isFinished: value["finished"]?.bool ?? false)
        }
    }

    /// Those that were under way when the agent stopped.
    var unfinished: [String] { entries.filter { !$0.value.isFinished }.keys.sorted() }

    /// Notes that `id` begins; false if it has before, or if there is no room to note it.
    mutating func begin(_ id: String, expires: Timestamp, now: Timestamp) throws(FileError) -> Bool {
        let before = entries
        entries = entries.filter { !$0.value.isFinished || $0.value.expires + Self.longestLife > now }
        guard entries[id] == nil, entries.count < Self.limit else { return false }
        entries[id] = Entry(expires: expires, isFinished: false)
        do throws(FileError) {
            try save()
        } catch {
            entries = before
            throw error
        }
        return true
    }

    /// Notes that `id` is over.
    mutating func finish(_ id: String) throws(FileError) {
        guard entries[id] != nil else { return }
        entries[id]?.isFinished = true
        try save()
    }

    private func save() throws(FileError) {
        var json = JSONWriter()
        json.object {
            for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
                $0.key(id)
                $0.object {
                    $0.member("expires", entry.expires.milliseconds)
                    $0.member("finished", entry.isFinished)
                }
            }
        }
        try AtomicFile.write(json.bytes, to: path)
    }
}
