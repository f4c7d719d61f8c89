internal import Synchronization

/// The versions that members last told, for those who have to know etcd's defaults.
final class KnownVersions: Sendable {
    private let versions = Mutex<[String: String]>([:])

    /// The version of the member `name` in the configuration.
    subscript(name: String) -> String? {
        get { versions.withLock { $0[name] } }
        set { versions.withLock { $0[name] = newValue } }
    }
}
