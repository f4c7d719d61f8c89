internal import COpenSSL

/// A password's scrypt hash (RFC 7914) as one string: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, base64 without padding.
///
/// The parameters stand in the string, so they can rise without invalidating what is stored. Takes some 100 ms and
/// 32 MiB by design: call it off the request path's threads and bound how many run at once.
public struct PasswordHash: Sendable, Equatable {
    /// What a hash costs: `2^logN` rounds, memory `128 × r × 2^logN` bytes.
    public struct Cost: Sendable, Equatable {
        /// log₂ of the rounds.
        public var logN: UInt8
        /// Block size.
        public var r: UInt8
        /// Parallel lanes.
        public var p: UInt8

        /// 2¹⁵ rounds, r = 8, p = 1: 32 MiB.
        public static let standard = Cost(logN: 15, r: 8, p: 1)

        /// The cost with these parameters.
        public init(logN: UInt8, r: UInt8, p: UInt8) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// What a stored string may ask for: no more than 128 MiB.
        var isAcceptable: Bool {
            (1...20).contains(logN) && (1...16).contains(r) && (1...4).contains(p)
                && 128 * UInt64(r) << UInt64(logN) <= Self.memoryLimit
        }

        static let memoryLimit: UInt64 = 128 << 20
    }

    /// What it cost.
    public let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// The hash of `password` with a fresh salt.
    public static func make(_ password: String, cost: Cost = .standard) throws(CryptographyError) -> PasswordHash {
        guard cost.isAcceptable else { throw CryptographyError(.malformed, "scrypt parameters out of range") }
        let salt = SecureRandom.bytes(16)
        return PasswordHash(cost: cost, salt: salt, hash: try derive(password, cost, salt, count: 32))
    }

    /// The hash that `string` describes; nil if it is none or asks for more than 128 MiB.
    public init?(_ string: String) {
        let parts = string.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Cost(parsing: parts[2]),
            cost.isAcceptable, let salt = Self.decode(parts[3]), let hash = Self.decode(parts[4]),
            (8...64).contains(salt.count), (16...64).contains(hash.count)
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    private init(cost: Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// The form that is stored.
    public var string: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.encode(salt))$\(Self.encode(hash))"
    }

    /// Whether `password` is the one; compared in constant time.
    public func matches(_ password: String) -> Bool {
        do {
            return constantTimeEqual(try Self.derive(password, cost, salt, count: hash.count), hash)
        } catch {
            // Out of memory: nobody may come in because of it.
            return false
        }
    }

    private static func derive(
        _ password: String, _ cost: Cost, _ salt: [UInt8], count: Int
    ) throws(CryptographyError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        let secret = Array(password.utf8CString)
        let done = EVP_PBE_scrypt(
            secret, secret.count - 1, salt, salt.count, 1 << UInt64(cost.logN), UInt64(cost.r), UInt64(cost.p),
            Cost.memoryLimit + 1 << 20, &key, key.count)
        try check(done, "cannot derive a key from a password")
        return key
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        String(Base64.encode(bytes).prefix { $0 != "=" })
    }

    private static func decode(_ text: Substring) -> [UInt8]? {
        Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}

extension PasswordHash.Cost {
    /// `ln=15,r=8,p=1`
    fileprivate init?(parsing text: Substring) {
        let values = text.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, values[0].hasPrefix("ln="), values[1].hasPrefix("r="), values[2].hasPrefix("p="),
            let logN = UInt8(values[0].dropFirst(3)), let r = UInt8(values[1].dropFirst(2)),
            let p = UInt8(values[2].dropFirst(2))
        else { return nil }
        self.init(logN: logN, r: r, p: p)
    }
}
