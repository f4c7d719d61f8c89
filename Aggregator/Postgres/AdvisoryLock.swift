/// Names of advisory locks. PostgreSQL numbers them; we name them and hash.
public enum AdvisoryLock {
    /// The number of the lock `name`: FNV-1a, 64 bits, the same in every process and version.
    public static func key(_ name: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "etcd-monitor/\(name)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return Int64(bitPattern: hash)
    }
}
