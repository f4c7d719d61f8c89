import Cryptography
import Glibc

/// What this host is called and where it can be reached.
enum HostNames {
    /// The kernel's host name.
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? "localhost"
    }

    /// Host name, localhost, all addresses of all interfaces, and `more`, each once.
    static func all(more: [String]) -> [SubjectName] {
        let texts = [hostName, "localhost", "127.0.0.1", "::1"] + addresses() + more
        var names: [SubjectName] = []
        for text in texts {
            guard let name = SubjectName(text), !names.contains(name), text != "0.0.0.0", text != "::" else { continue }
            names.append(name)
        }
        return names
    }

    /// Addresses of interfaces; link-local ones need a zone, and are left out.
    private static func addresses() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var texts: [String] = []
        var next = first
        while let current = next {
            next = current.pointee.ifa_next
            guard let address = current.pointee.ifa_addr else { continue }
            let family = Int32(address.pointee.sa_family)
            guard family == AF_INET || family == AF_INET6 else { continue }
            let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard getnameinfo(address, socklen_t(length), &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
            else { continue }
            let text = buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
            if !text.contains("%") { texts.append(text) }
        }
        return texts
    }
}
