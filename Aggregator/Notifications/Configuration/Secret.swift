internal import ConfigurationFile
internal import Glibc

/// A secret that stands in a file or in the environment, never in the configuration itself.
///
/// Read anew each time it is used, so that a replaced file counts without a restart. Prints as its source only.
public enum SecretSource: Hashable, Sendable, CustomStringConvertible {
    /// The first line of this file.
    case file(String)
    /// This variable of the environment.
    case environment(String)
    /// Given by the program itself: what was sealed in the database, and the plain `url:` of a webhook.
    case literal(String)
    /// There is one, which cannot be had; why.
    case unreadable(String)

    /// Where it stands; never what it is.
    public var description: String {
        switch self {
        case .file(let path): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        case .literal, .unreadable: "(hidden)"
        }
    }

    /// The secret.
    ///
    /// - Throws: `.secret`, with the place and the reason.
    func read() throws(NotificationsError) -> String {
        switch self {
        case .literal(let text): return text
        case .unreadable(let reason): throw NotificationsError(.secret, reason)
        case .environment(let name):
            guard let value = getenv(name) else {
                throw NotificationsError(.secret, "the environment variable \(name) is not set")
            }
            return String(cString: value)
        case .file(let path): return try Self.firstLine(of: path)
        }
    }

    private static func firstLine(of path: String) throws(NotificationsError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw NotificationsError(.secret, "cannot read the secret in \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let line = bytes.prefix(max(count, 0)).prefix { $0 != 0x0a && $0 != 0x0d }
        guard !line.isEmpty else { throw NotificationsError(.secret, "the secret in \(path) is empty") }
        return String(decoding: line, as: UTF8.self)
    }
}

extension MappingReader {
    /// `<key>_file` or `<key>_env`; nil if there is neither.
    mutating func secret(_ key: String) -> SecretSource? {
        let file = string("\(key)_file", default: nil)
        let variable = string("\(key)_env", default: nil)
        if file != nil, variable != nil {
            problems.report(node.error("both \(key)_file and \(key)_env", remedy: "keep one of the two"))
        }
        return file.map(SecretSource.file) ?? variable.map(SecretSource.environment)
    }
}
