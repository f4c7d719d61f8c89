internal import Glibc

extension FileError {
    /// The system's words for `errno`, or ours.
    public var reason: String {
        guard errno != 0 else {
            switch code {
            case .locked: return "held by another process"
            case .tooLarge: return "larger than allowed"
            case .damaged: return "not what was written"
            default: return code.rawValue
            }
        }
        // Safe on every thread since glibc 2.32.
        return strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
    }

    static func code(of errno: Int32) -> Code {
        switch errno {
        case ENOENT: .notFound
        case EEXIST: .exists
        case ENOSPC, EDQUOT: .noSpace
        case EACCES, EPERM, EROFS: .denied
        case EWOULDBLOCK: .locked
        case EFBIG: .tooLarge
        default: .system
        }
    }
}
