internal import Glibc

/// What a directory needs beside its files.
public enum Directory {
    /// Makes `path` and its missing parents, and waits until their names are on the disk; what exists stays as it is.
    public static func create(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        do throws(FileError) {
            _ = try retrying("mkdir", path) { mkdir(path, mode) }
        } catch {
            switch error.code {
            case .exists: return
            case .notFound where path != parent(of: path):
                try create(parent(of: path), mode: mode)
                _ = try retrying("mkdir", path) { mkdir(path, mode) }
            default: throw error
            }
        }
        try sync(parent(of: path))
    }

    /// The names in `path`, sorted, without `.` and `..`.
    public static func entries(_ path: String) throws(FileError) -> [String] {
        guard let stream = opendir(path) else { throw FileError("opendir", path: path, errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Waits until the names in `path` are on the disk.
    public static func sync(_ path: String) throws(FileError) {
        let directory = try OpenFile(path, .read)
        try directory.sync()
    }

    /// Removes the file `path`; a file that does not exist is no error.
    public static func removeFile(_ path: String) throws(FileError) {
        do throws(FileError) {
            _ = try retrying("unlink", path) { unlink(path) }
        } catch  where error.code == .notFound {
            return
        }
    }

    /// The directory that holds `path`: `.` for a bare name.
    public static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}
