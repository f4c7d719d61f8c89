internal import Model
internal import Postgres

/// The days of `batch`: made ahead of time, dropped when they are old.
struct BatchPartitions: Sendable {
    private static let dayMilliseconds: Int64 = 86_400_000

    let pool: PostgresPool

    /// Makes the partitions of the days around `now` that are missing: yesterday's, today's and three to come.
    func make(around now: Timestamp) async throws {
        try await pool.transaction { connection in
            // One aggregator at a time; attaching a partition does not disturb those who insert into others.
            try await connection.lockUntilCommit("batch partitions")
            for offset in -1...3 {
                try await make(dayOf: now.milliseconds + Int64(offset) * Self.dayMilliseconds, on: connection)
            }
        }
    }

    private func make(dayOf milliseconds: Int64, on connection: PostgresConnection) async throws {
        let day = Int64((Double(milliseconds) / Double(Self.dayMilliseconds)).rounded(.down))
        let name = "batch_\(Self.date(day, separator: ""))"
        let exists = try await !connection.query("select 1 as one from pg_class where relname = \(name)").isEmpty
        guard !exists else { return }
        // Rows up to 8 kB stay in the page: moving each body aside costs more than half of the insert rate.
        try await connection.execute(
            """
            create table \(unsafe: name) (like batch including defaults including constraints including storage)
            with (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 0.5)
            """)
        try await connection.execute(
            """
            alter table batch attach partition \(unsafe: name)
            for values from ('\(unsafe: Self.date(day, separator: "-"))') to ('\(unsafe: Self.date(day + 1, separator: "-"))')
            """)
    }

    /// Drops the partitions of days that ended before `instant`.
    ///
    /// - Returns: their names.
    @discardableResult
    func drop(before instant: Timestamp) async throws -> [String] {
        let limit = "batch_" + Self.date(instant.milliseconds / Self.dayMilliseconds, separator: "")
        let old: [String] = try await pool.query(
            """
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'batch'::regclass and c.relname < \(limit) order by c.relname
            """
        ).map { try $0["relname"] }
        for name in old {
            try await pool.execute("drop table if exists \(unsafe: name)")
        }
        return old
    }

    /// The date `day` days after 1970-01-01, by the proleptic Gregorian calendar (Hinnant, "chrono-compatible
    /// low-level date algorithms").
    static func date(_ day: Int64, separator: String) -> String {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return [padded(year, 4), padded(month, 2), padded(dayOfMonth, 2)].joined(separator: separator)
    }
}
