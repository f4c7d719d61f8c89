internal import JSON
public import Model
internal import Postgres

/// Where alerts go, and who said so.
public struct Routing: Sendable {
    /// Where the routes come from.
    public enum Source: String, Sendable {
        /// The configuration file.
        case configuration
        /// An administrator set them over the API.
        case database
        /// Nobody wrote any: every channel is told everything.
        case implied
    }

    /// Where they come from.
    public var source: Source
    /// The first that matches counts, and those after a match that continues.
    public var routes: [Route]
    /// Who set them, if they come from the database.
    public var author: String?
    /// When.
    public var changedAt: Timestamp?
}

/// What administrators change over the API. All in the database, so that every aggregator goes by it from its next look
/// on; what the configuration file says of channels stays.
extension NotificationService {
    /// Makes the channel that `draft` describes, or changes the one of that name.
    ///
    /// - Throws: `.invalid`; `.conflict` if the configuration file has one of that name, or there are too many.
    public func saveChannel(_ draft: ChannelDraft, by author: String) async throws -> ChannelStatus {
        let (file, key, now) = (fileConfiguration, sealingKey, clock.now)
        guard !file.channels.contains(where: { $0.name == draft.name }) else {
            throw NotificationsError(.conflict, "\(draft.name) stands in the configuration file; change it there")
        }
        if let url = draft.secrets["url"], !url.isEmpty { try ChannelConfiguration.checkURL(url) }
        try await changeSettings { store in
            let channels = try await store.channels()
            let before = channels.first { $0.name == draft.name }
            guard before != nil || channels.count < ChannelStore.limit else {
                throw NotificationsError(.conflict, "there are \(ChannelStore.limit) channels; remove one first")
            }
            let kept = try before.map { try $0.secrets(thatStayWith: draft, key) } ?? [:]
            let secrets = kept.merging(draft.secrets) { _, new in new }.filter { !$0.value.isEmpty }
            let stored = StoredChannel(
                name: draft.name, document: try draft.document(secrets: Set(secrets.keys)),
                secretNames: secrets.keys.sorted(),
                sealed: try StoredChannel.seal(secrets, of: draft.name, key), author: author, changedAt: now)
            _ = try stored.configuration(key)
            if let fallback = draft.fallback?.channel {
                let names = file.channels.map(\.name) + channels.map(\.name)
                guard fallback != draft.name, names.contains(fallback) else {
                    throw NotificationsError(.invalid, "the fallback \(fallback) is no other channel")
                }
            }
            try await store.save(stored)
        }
        guard let status = try await channelStatuses().first(where: { $0.configuration.name == draft.name }) else {
            throw NotificationsError(.noChannel, "\(draft.name) was removed meanwhile")
        }
        return status
    }

    /// Removes a channel that was made over the API. What waits on it is given up.
    ///
    /// - Throws: `.noChannel`; `.conflict` if it stands in the configuration file, or a route or a channel names it.
    public func deleteChannel(_ name: String) async throws {
        guard !fileConfiguration.channels.contains(where: { $0.name == name }) else {
            throw NotificationsError(.conflict, "\(name) stands in the configuration file; remove it there")
        }
        let file = fileConfiguration
        try await changeSettings { store in
            let set = try await store.routes()?.documents.map { try Route(document: $0) }
            let routes = set ?? (file.hasRoutes ? file.routes : [])
            if let route = routes.first(where: { $0.channels.contains(name) }) {
                throw NotificationsError(.conflict, "the route \(route.name) goes to \(name); change it first")
            }
            let others = try await store.channels().filter { $0.name != name }
            if let other = others.first(where: { $0.document["fallback"]?.string == name }) {
                throw NotificationsError(.conflict, "\(name) is the fallback of \(other.name); change that first")
            }
            guard try await store.delete(name) else {
                throw NotificationsError(.noChannel, "there is no channel \(name)")
            }
        }
    }

    /// Where alerts go now.
    public var routing: Routing {
        let setup = setup
        let source: Routing.Source =
            setup.storedRoutes != nil ? .database : fileConfiguration.hasRoutes ? .configuration : .implied
        return Routing(
            source: source, routes: setup.configuration.routes, author: setup.storedRoutes?.author,
            changedAt: setup.storedRoutes?.changedAt)
    }

    /// Sets `routes` in the place of the configuration file's.
    ///
    /// - Throws: `.invalid`.
    public func setRoutes(_ routes: [Route], by author: String) async throws -> Routing {
        let (file, now) = (fileConfiguration, clock.now)
        guard (1...200).contains(routes.count) else { throw NotificationsError(.invalid, "give 1 to 200 routes") }
        guard Set(routes.map(\.name)).count == routes.count else {
            throw NotificationsError(.invalid, "two routes have one name; give each its own")
        }
        let documents = routes.map(\.document)
        for document in documents { _ = try Route(document: document) }
        try await changeSettings { store in
            let names = Set(file.channels.map(\.name) + (try await store.channels().map(\.name)))
            for route in routes {
                guard !route.channels.isEmpty, let strange = route.channels.first(where: { !names.contains($0) }) else {
                    guard route.channels.isEmpty else { continue }
                    throw NotificationsError(.invalid, "the route \(route.name) goes to no channel")
                }
                throw NotificationsError(.invalid, "the route \(route.name) goes to \(strange), which is no channel")
            }
            try await store.save(ChannelStore.StoredRoutes(documents: documents, author: author, changedAt: now))
        }
        return routing
    }

    /// Goes back to the configuration file's routes.
    public func resetRoutes() async throws -> Routing {
        try await changeSettings { store in try await store.save(nil) }
        return routing
    }

    /// One change in one transaction; afterwards every aggregator takes it over.
    private func changeSettings(_ body: @escaping @Sendable (ChannelStore) async throws -> Void) async throws {
        try await ledger.pool.transaction { connection in
            let store = ChannelStore(connection)
            try await store.beginChange()
            try await body(store)
            try await DeliveryLedger.announce(in: connection)
        }
        try await takeOverSettings()
        committed()
    }
}

extension StoredChannel {
    /// Settings that do not say where secrets go.
    private static let settingsAside: Set<String> = ["to", "from", "hello", "channel", "hold_for"]

    /// Its secrets that `draft` does not give anew. Those of another kind go.
    ///
    /// - Throws: `.invalid` if `draft` leads elsewhere: a secret is not sent where those who entered it did not want it,
    ///   or it could be read by sending it to oneself; `.conflict` if they cannot be opened.
    fileprivate func secrets(
        thatStayWith draft: ChannelDraft, _ key: SealingKey
    ) throws(NotificationsError) -> [String: String] {
        let staying = secretNames.filter { draft.secrets[$0] == nil }
        guard kind == draft.kind, !staying.isEmpty else { return [:] }
        guard draft.secrets["url"] == nil, destination(settings) == destination(draft.settings) else {
            let names = staying.joined(separator: ", ")
            throw NotificationsError(
                .invalid, "this leads elsewhere than before; enter its secrets again, or \"\" for none: \(names)")
        }
        do throws(NotificationsError) {
            return try secrets(key).filter { staying.contains($0.key) }
        } catch {
            throw NotificationsError(.conflict, error.message)
        }
    }

    private func destination(_ settings: JSONValue) -> [String: JSONValue] {
        let members = (settings.object ?? []).filter { !Self.settingsAside.contains($0.0) }
        return Dictionary(members.map { ($0.0, $0.1) }) { _, last in last }
    }
}

extension ChannelConfiguration {
    /// - Throws: `.invalid` if `url` is no URL that can be posted to.
    fileprivate static func checkURL(_ url: String) throws(NotificationsError) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw NotificationsError(.invalid, "the secret 'url' is neither http:// nor https://") }
    }
}
