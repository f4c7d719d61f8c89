public import Model
public import Postgres

/// The alerts that fire as they are saved, for those who decide inside a transaction.
public enum FiringAlerts {
    /// Labels of what fires: on `cluster`, or with nil, everywhere.
    public static func labels(cluster: String? = nil, in connection: PostgresConnection) async throws -> [Labels] {
        let rows = try await connection.query(
            """
            select labels::text as labels from alert_state
            where state = 'firing' and (\(cluster)::text is null or labels ->> 'cluster' = \(cluster))
            """)
        return try rows.map { try AlertStore.labels($0["labels"]) }
    }
}
