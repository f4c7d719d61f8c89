internal import Postgres
internal import Synchronization

/// The partitions of a table by ranges of milliseconds since 1970, of whole days each: made when they are needed, dropped
/// whole.
final class RangePartitions: Sendable {
    /// A partition, and what it occupies with indexes and TOAST.
    struct Partition: Sendable {
        var name: String
        var starts: Int64
        var ends: Int64
        var bytes: Int64
    }

    /// Whoever makes or drops one holds it.
    private static let lock = "block partitions"

    private let pool: PostgresPool
    private let parent: String
    private let length: Int64
    /// Where those begin that are known to exist.
    private let known = Mutex<Set<Int64>>([])

    /// The partitions of the table `parent`, each of so many `days`.
    init(of parent: String, days: Int64, pool: PostgresPool) {
        self.pool = pool
        self.parent = parent
        length = days * CalendarDay.milliseconds
    }

    /// Makes those that rows at `instants` need.
    func make(for instants: some Sequence<Int64>) async throws {
        let wanted = Set(instants.map { $0.floored(to: length) }).subtracting(known.withLock { $0 })
        for starts in wanted.sorted() {
            let name = "\(parent)_\(CalendarDay(of: starts).name)"
            try await pool.transaction { connection in
                try await connection.lockUntilCommit(Self.lock)
                let exists = try await !connection.query("select from pg_class where relname = \(name)").isEmpty
                guard !exists else { return }
                try await connection.execute(
                    """
                    create table \(unsafe: name)
                    (like \(unsafe: parent) including defaults including constraints including storage)
                    """)
                try await connection.execute(
                    """
                    alter table \(unsafe: parent) attach partition \(unsafe: name)
                    for values from (\(unsafe: String(starts))) to (\(unsafe: String(starts + length)))
                    """)
            }
            known.withLock { _ = $0.insert(starts) }
        }
    }

    /// All there are, oldest first.
    func all() async throws -> [Partition] {
        try await pool.query(
            """
            select c.relname, pg_total_relation_size(c.oid) as bytes,
                substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''(-?[0-9]+)''\\)')::bigint as starts
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = \(parent)::regclass order by starts
            """
        ).map { row in
            let starts: Int64 = try row["starts"]
            return Partition(name: try row["relname"], starts: starts, ends: starts + length, bytes: try row["bytes"])
        }
    }

    /// Drops `partition`, and does `alsoDo` in the same transaction.
    ///
    /// - Returns: false, and nothing was done, if somebody reads it.
    func drop(
        _ partition: Partition, alsoDo: (PostgresConnection) async throws -> Void = { _ in }
    ) async throws -> Bool {
        let isDropped = try await pool.dropUnlessRead(partition.name, lock: Self.lock, alsoDo: alsoDo)
        if isDropped { known.withLock { $0 = [] } }
        return isDropped
    }
}
