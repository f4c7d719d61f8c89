public import Model

/// A person who can sign in.
public struct User: Hashable, Sendable {
    /// The row.
    public var id: Int64
    /// `[a-z0-9][a-z0-9._-]{0,63}`.
    public var name: String
    /// What they are trusted with.
    public var grants: Grants
    /// When the user was made.
    public var createdAt: Timestamp
    /// When they last signed in; nil for never.
    public var lastSignInAt: Timestamp?

    /// What a name looks like.
    static func isValidName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count), let first = name.utf8.first else { return false }
        let isAlphanumeric = { (byte: UInt8) in (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        return isAlphanumeric(first) && name.utf8.allSatisfy { isAlphanumeric($0) || [0x2e, 0x5f, 0x2d].contains($0) }
    }

    /// What a cluster's name looks like.
    static func isValidCluster(_ name: String) -> Bool {
        isValidName(name) && !name.contains(".") && !name.contains("_")
    }
}

/// The rules for a new password: length only (NIST SP 800-63B section 5.1.1), no character classes.
enum PasswordRule {
    static let characters = 12...128

    static func check(_ password: String, name: String) throws(AccessError) {
        guard characters.contains(password.count), password.utf8.count <= 1024 else {
            throw AccessError(
                .invalid, "a password has \(characters.lowerBound) to \(characters.upperBound) characters")
        }
        guard !password.utf8.contains(0) else { throw AccessError(.invalid, "a password holds no NUL") }
        guard password.lowercased() != name, Set(password).count >= 4 else {
            throw AccessError(.invalid, "this password is too easy to guess")
        }
    }
}
