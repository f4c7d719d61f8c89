/// One row of a result, read by column name: `let id: Int64 = try row["id"]`, `let name: String? = try row["name"]`.
public struct Row: Sendable {
    let result: ResultHandle
    let index: Int32

    /// The value of `column`.
    ///
    /// - Throws: `.decoding` if there is no such column, it holds NULL and `Value` is not optional, or the types differ.
    public subscript<Value: PostgresDecodable>(column: String) -> Value {
        get throws(PostgresError) {
            guard let number = result.columns[column] else {
                throw .decoding("the result has no column '\(column)'")
            }
            return try result.withCell(row: index, column: number, name: column) { cell throws(PostgresError) in
                try Value(cell)
            }
        }
    }

    /// The value of `column`, for where the type cannot be inferred.
    public subscript<Value: PostgresDecodable>(column: String, as type: Value.Type) -> Value {
        get throws(PostgresError) { try self[column] }
    }
}

/// A value in a result, in binary form. Valid only during the call that passes it.
public struct PostgresCell {
    /// The column's name, for errors.
    public var column: String
    /// Its type's number in `pg_type`.
    public var type: UInt32
    /// nil is NULL.
    public var bytes: UnsafeRawBufferPointer?

    /// The bytes of a value that must not be NULL.
    func required() throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes else { throw .decoding("column '\(column)' is NULL") }
        return bytes
    }

    func mismatch(_ wanted: String) -> PostgresError {
        .decoding("column '\(column)' has type \(type), which does not decode as \(wanted); cast it in the statement")
    }

    /// The big-endian number that fills `bytes`.
    static func integer<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, as: Number.Type) -> Number? {
        guard bytes.count == MemoryLayout<Number>.size else { return nil }
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }

    /// A whole number of any of PostgreSQL's integer types.
    func integer() throws(PostgresError) -> Int64 {
        let bytes = try required()
        let number: Int64? =
            switch type {
            case PostgresType.int2: Self.integer(bytes, as: Int16.self).map(Int64.init)
            case PostgresType.int4: Self.integer(bytes, as: Int32.self).map(Int64.init)
            case PostgresType.int8: Self.integer(bytes, as: Int64.self)
            case PostgresType.oid: Self.integer(bytes, as: UInt32.self).map(Int64.init)
            default: nil
            }
        guard let number else { throw mismatch("a whole number") }
        return number
    }
}
