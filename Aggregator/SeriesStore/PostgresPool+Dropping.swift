internal import Postgres

extension PostgresPool {
    /// Drops the table `name` under the advisory lock `lock`, and does `alsoDo` in the same transaction.
    ///
    /// - Returns: false, and nothing was done, if somebody reads it: a lock that waits for a slow reader makes everybody
    ///   behind it wait too.
    func dropUnlessRead(
        _ name: String, lock: String, alsoDo: (PostgresConnection) async throws -> Void = { _ in }
    ) async throws -> Bool {
        do {
            try await transaction { connection in
                try await connection.lockUntilCommit(lock)
                try await connection.execute(script: "set local lock_timeout = '500ms'")
                try await connection.execute("drop table if exists \(unsafe: name)")
                try await alsoDo(connection)
            }
            return true
        } catch let error as PostgresError where error.sqlState == "55P03" {
            return false
        }
    }
}
