internal import Cryptography
public import JSON
public import Model
internal import Postgres

/// A channel that an administrator made, as it is kept: its secrets sealed.
public struct StoredChannel: Sendable {
    /// Unique among all channels.
    public var name: String
    /// As ``ChannelDraft/document(secrets:)`` wrote it; holds no secret.
    var document: JSONValue
    /// Names of the secrets that are sealed.
    public var secretNames: [String]
    /// A JSON object of secrets, sealed; nil without any.
    var sealed: [UInt8]?
    /// Who changed it last.
    public var author: String
    /// When.
    public var changedAt: Timestamp

    /// What it is: a word of ``ChannelDraft/secretNames(of:)``.
    var kind: String? { document.object?.map(\.0).first { ChannelDraft.secretNames(of: $0) != nil } }

    /// As they were given: what stands below the kind, without secrets and their marks.
    public var settings: JSONValue {
        let members = kind.flatMap { document[$0]?.object } ?? []
        return .object(members.filter { !$0.0.hasSuffix("_env") })
    }

    /// Its secrets.
    ///
    /// - Throws: `.secret` if another key sealed them.
    func secrets(_ key: SealingKey) throws(NotificationsError) -> [String: String] {
        guard let sealed else { return [:] }
        do {
            let json = try JSONValue(parsing: SealedBox.open(sealed, key: key.bytes, context: Self.context(name)))
            let pairs = (json.object ?? []).compactMap { name, value in value.string.map { (name, $0) } }
            return Dictionary(pairs) { _, last in last }
        } catch {
            throw NotificationsError(
                .secret, "the secrets of \(name) were sealed with another aggregator's key; enter them again")
        }
    }

    /// As it is used: if its secrets cannot be opened each attempt fails and says so.
    func configuration(_ key: SealingKey) throws(NotificationsError) -> ChannelConfiguration {
        do throws(NotificationsError) {
            let secrets = try secrets(key)
            return try ChannelConfiguration(document: document) { name in
                secrets[name].map(SecretSource.literal) ?? .unreadable("the secret \(name) is missing; enter it again")
            }
        } catch  where error.code == .secret {
            let message = error.message
            return try ChannelConfiguration(document: document) { _ in .unreadable(message) }
        }
    }

    /// Seals `secrets` for the channel `name`; nil for none.
    static func seal(_ secrets: [String: String], of name: String, _ key: SealingKey) throws -> [UInt8]? {
        guard !secrets.isEmpty else { return nil }
        let json = JSONValue.object(secrets.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        return try SealedBox.seal(json.serialized(), key: key.bytes, context: context(name))
    }

    private static func context(_ name: String) -> [UInt8] { Array("channel/\(name)".utf8) }
}

/// The installation's key for secrets in the database; prints as nothing.
public struct SealingKey: Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    /// - Parameter bytes: 32 of them.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count == 32, "a sealing key has 32 bytes")
        self.bytes = bytes
    }

    public var description: String { "(hidden)" }
}

/// The tables `channel` and `notification_settings`.
struct ChannelStore: Sendable {
    private let connection: PostgresConnection

    /// The most channels that may be stored: each has senders of its own.
    static let limit = 50

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// Routes that an administrator set, instead of the configuration's.
    struct StoredRoutes: Sendable {
        /// As the configuration file writes them.
        var documents: [JSONValue]
        var author: String
        var changedAt: Timestamp
    }

    /// Rises with each change.
    func revision() async throws -> Int64 {
        try await connection.query("select revision from notification_settings").first?["revision"] ?? 0
    }

    /// Keeps other changes away until the transaction ends, and counts this one.
    func beginChange() async throws {
        try await connection.execute("update notification_settings set revision = revision + 1")
    }

    func channels() async throws -> [StoredChannel] {
        let rows = try await connection.query(
            "select name, document::text as document, secrets, sealed, author, changed_at from channel order by name")
        return try rows.map { row in
            StoredChannel(
                name: try row["name"], document: try JSONValue(parsing: row["document", as: String.self]),
                secretNames: try row["secrets"], sealed: try row["sealed"], author: try row["author"],
                changedAt: try row["changed_at"])
        }
    }

    func save(_ channel: StoredChannel) async throws {
        try await connection.execute(
            """
            insert into channel (name, document, secrets, sealed, author, changed_at)
            values (\(channel.name), \(json: "\(channel.document)"), \(channel.secretNames), \(channel.sealed),
                \(channel.author), \(channel.changedAt))
            on conflict (name) do update set document = excluded.document, secrets = excluded.secrets,
                sealed = excluded.sealed, author = excluded.author, changed_at = excluded.changed_at
            """)
    }

    /// - Returns: whether there was one.
    func delete(_ name: String) async throws -> Bool {
        try await connection.execute("delete from channel where name = \(name)") > 0
    }

    func routes() async throws -> StoredRoutes? {
        let rows = try await connection.query(
            "select routes::text as routes, author, changed_at from notification_settings where routes is not null")
        guard let row = rows.first else { return nil }
        let documents = try JSONValue(parsing: row["routes", as: String.self]).array ?? []
        return StoredRoutes(documents: documents, author: try row["author"], changedAt: try row["changed_at"])
    }

    /// - Parameter routes: nil for those of the configuration.
    func save(_ routes: StoredRoutes?) async throws {
        let json = routes.map { "\(JSONValue.array($0.documents))" }
        try await connection.execute(
            """
            update notification_settings set routes = \(json)::text::jsonb, author = \(routes?.author),
                changed_at = \(routes?.changedAt)
            """)
    }
}
