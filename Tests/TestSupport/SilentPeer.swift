internal import Glibc

/// Connects and says nothing.
public final class SilentPeer: Sendable {
    private let descriptor: Int32

    /// Connects to `port` of 127.0.0.1, where somebody listens.
    public init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0, "nobody listens on port \(port)")
    }

    deinit { close(descriptor) }

    /// How much a server says to who says nothing, until it closes; -1 if it did not within a minute.
    ///
    /// Waits on a thread of its own: two that wait on the tests' own threads are all of them on a small machine, and the
    /// server could not go on.
    public static func bytesUntilClosed(port: Int) async -> Int {
        await withCheckedContinuation { continuation in
            startThread {
                let peer = SilentPeer(port: port)
                var patience = timeval(tv_sec: 60, tv_usec: 0)
                setsockopt(
                    peer.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                var byte: UInt8 = 0
                continuation.resume(returning: read(peer.descriptor, &byte, 1))
            }
        }
    }
}
