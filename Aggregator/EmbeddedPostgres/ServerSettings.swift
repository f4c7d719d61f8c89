internal import Glibc

/// `postgresql.conf`: a server for one client of few connections that writes steadily and must lose nothing.
struct ServerSettings: Sendable {
    /// What the aggregator opens; some are added for psql and backups.
    var connections: Int
    /// Bytes of memory in this machine.
    var memoryBytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

    /// An eighth of the memory, 64 MiB to 2 GiB: the aggregator keeps recent batches itself.
    private var sharedBuffersMegabytes: Int { min(2048, max(64, memoryBytes / (8 << 20))) }

    /// The file.
    func text(socketDirectory: String) -> String {
        """
        # Written by etcd-monitor-aggregator at each start. Put settings of your own into operator.conf beside it.
        listen_addresses = ''
        unix_socket_directories = '\(socketDirectory.replacing("'", with: "''"))'
        unix_socket_permissions = 0700
        max_connections = \(connections + 20)
        shared_buffers = \(sharedBuffersMegabytes)MB
        effective_cache_size = \(max(128, memoryBytes / (2 << 20)))MB
        work_mem = 8MB
        maintenance_work_mem = 64MB
        fsync = on
        synchronous_commit = on
        full_page_writes = on
        wal_compression = on
        max_wal_size = 1GB
        min_wal_size = 128MB
        checkpoint_timeout = 15min
        autovacuum = on
        jit = off
        timezone = 'UTC'
        log_timezone = 'UTC'
        lc_messages = 'C'
        log_destination = 'stderr'
        logging_collector = off
        log_line_prefix = ''
        log_min_messages = warning
        log_checkpoints = off
        include_if_exists = 'operator.conf'

        """
    }
}
