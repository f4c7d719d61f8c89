internal import ConfigurationFile
internal import JSON
internal import Model

/// What is told to whom, as of now: the configuration file's, with what administrators made over the API. Replaced as a
/// whole.
struct NotificationSetup: Sendable {
    /// Of the database's part; -1 before it was read.
    var revision: Int64 = -1
    var configuration: NotificationConfiguration
    /// By name.
    var channels: [String: any Channel]
    /// By name.
    var stored: [String: StoredChannel] = [:]
    /// Instead of the configuration file's; nil if nobody set any.
    var storedRoutes: ChannelStore.StoredRoutes?

    /// The configuration file's alone.
    init(_ configuration: NotificationConfiguration, make: (ChannelConfiguration) -> any Channel) {
        self.configuration = configuration
        channels = Dictionary(configuration.channels.map { ($0.name, make($0)) }) { first, _ in first }
    }

    /// The configuration file's and the database's.
    ///
    /// - Parameter report: told what cannot be used: of a newer version, mostly.
    init(
        _ file: NotificationConfiguration, revision: Int64, stored: [StoredChannel], routes: ChannelStore.StoredRoutes?,
        key: SealingKey, make: (ChannelConfiguration) -> any Channel, report: (String) -> Void
    ) {
        var configuration = file
        let taken = Set(file.channels.map(\.name))
        for channel in stored where !taken.contains(channel.name) {
            do throws(NotificationsError) {
                configuration.channels.append(try channel.configuration(key))
            } catch {
                report("\(channel.name): \(error.message)")
            }
        }
        if let routes {
            configuration.routes = routes.documents.compactMap { document in
                do throws(NotificationsError) {
                    return try Route(document: document)
                } catch {
                    report("a route: \(error.message)")
                    return nil
                }
            }
        } else if !file.hasRoutes {
            configuration.routes = NotificationConfiguration.impliedRoutes(configuration.channels, file.timing)
        }
        self.init(configuration, make: make)
        self.revision = revision
        self.stored = Dictionary(stored.map { ($0.name, $0) }) { first, _ in first }
        storedRoutes = routes
    }
}

extension Route {
    /// As the configuration file writes it.
    var document: JSONValue {
        let match = matchers.sorted { $0.key < $1.key }.map { label, values in
            (label, JSONValue.array(values.sorted().map(JSONValue.string)))
        }
        return .object([
            ("name", .string(name)), ("match", .object(match)),
            ("channels", .array(channels.map(JSONValue.string))), ("continue", .bool(continues)),
            ("group_wait", .string(ScalarText.text(timing.groupWait))),
            ("critical_group_wait", .string(ScalarText.text(timing.criticalGroupWait))),
            ("group_interval", .string(ScalarText.text(timing.groupInterval))),
            ("repeat_interval", .string(ScalarText.text(timing.repeatInterval))),
        ])
    }

    /// Reads ``document``.
    ///
    /// - Throws: `.invalid`, with all that is wrong.
    init(document: JSONValue) throws(NotificationsError) {
        let problems = Problems()
        do throws(ConfigurationErrors) {
            // JSON is YAML.
            let yaml = try YAMLDocument("\(document)", name: "route")
            self.init(reading: MappingReader(yaml.root, problems), name: "route", timing: RouteTiming())
            try problems.throwIfAny()
        } catch {
            throw NotificationsError(reading: error)
        }
    }
}
