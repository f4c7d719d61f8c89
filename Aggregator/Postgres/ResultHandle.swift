internal import CLibPQ

/// One `PGresult`, shared by its rows and freed with the last of them.
final class ResultHandle: @unchecked Sendable {
    // Sendable because a PGresult is never changed once it is complete, and PQclear runs once, in deinit.
    private let result: OpaquePointer
    /// Column numbers by name; of two with one name the first counts.
    let columns: [String: Int32]

    init(_ result: OpaquePointer) {
        self.result = result
        var columns: [String: Int32] = [:]
        for number in (0..<PQnfields(result)).reversed() {
            guard let name = PQfname(result, number) else { continue }
            columns[String(cString: name)] = number
        }
        self.columns = columns
    }

    deinit {
        PQclear(result)
    }

    var rows: [Row] { (0..<PQntuples(result)).map { Row(result: self, index: $0) } }

    /// What the command tag says: rows inserted, updated, deleted, selected.
    var affectedRows: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The command's word, such as `COMMIT`.
    var commandTag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    func withCell<Value>(
        row: Int32, column: Int32, name: String, _ body: (PostgresCell) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        guard PQfformat(result, column) == 1 else {
            throw .decoding("column '\(name)' is not binary")
        }
        let isNull = PQgetisnull(result, row, column) == 1
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        return try withExtendedLifetime(self) { () throws(PostgresError) in
            try body(PostgresCell(column: name, type: PQftype(result, column), bytes: isNull ? nil : bytes))
        }
    }
}
