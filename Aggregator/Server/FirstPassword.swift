import Access
import DurableFiles
import Logging

/// The way in after the first start: a password for `admin` in a file that only the service's user can read.
enum FirstPassword {
    static let fileName = "initial-password"

    /// Makes the first administrator if there is no user at all.
    static func make(_ access: AccessService, stateDirectory: String, logger: Logger) async throws {
        guard let password = try await access.makeFirstAdministrator() else { return }
        let path = "\(stateDirectory)/\(fileName)"
        try AtomicFile.write(Array("\(password)\n".utf8), to: path)
        logger.notice(
            "first administrator made; sign in as admin with the password in this file, change it, remove the file",
            metadata: ["file": "\(path)"])
    }
}
