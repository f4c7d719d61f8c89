// The tables: an ordered list of migrations, embedded in the program, and the migrator that brings a database to the
// newest of them. What each table is for stands in its file; queries belong to the rooms that own the tables.
public import Logging
public import Postgres

/// The database's shape as this program expects it.
public enum Schema {
    /// All migrations, oldest first. A new one is a file in `Migrations` and a line here.
    public static let migrations: [Migration] = [
        Migration(1, "fleet", PackageResources.m001_fleet_sql),
        Migration(2, "batches", PackageResources.m002_batches_sql),
        Migration(3, "access", PackageResources.m003_access_sql),
        Migration(4, "alerts", PackageResources.m004_alerts_sql),
        Migration(5, "blocks", PackageResources.m005_blocks_sql),
        Migration(6, "rollups", PackageResources.m006_rollups_sql),
        Migration(7, "deletions", PackageResources.m007_deletions_sql),
        Migration(8, "several", PackageResources.m008_several_sql),
        Migration(9, "remote_write", PackageResources.m009_remote_write_sql),
        Migration(10, "incidents", PackageResources.m010_incidents_sql),
        Migration(11, "silences", PackageResources.m011_silences_sql),
        Migration(12, "channels", PackageResources.m012_channels_sql),
        Migration(13, "commands", PackageResources.m013_commands_sql),
        Migration(14, "rule_overrides", PackageResources.m014_rule_overrides_sql),
        Migration(15, "stored_channels", PackageResources.m015_stored_channels_sql),
    ]

    /// Brings the database of `pool` to the newest migration.
    ///
    /// - Throws: ``Postgres/PostgresError`` with `.migration` when the database is newer than this program or was made
    ///   by other migrations; its message says what to do.
    public static func migrate(_ pool: PostgresPool, logger: Logger) async throws {
        try await Migrator(migrations).migrate(pool, logger: logger)
    }
}
