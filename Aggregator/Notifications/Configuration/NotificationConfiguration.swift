public import ConfigurationFile
internal import Model

/// Who is told what, how fast and how often.
public struct NotificationConfiguration: Sendable {
    /// Ways to tell; names are unique.
    public var channels: [ChannelConfiguration]
    /// In order; the first that matches counts, and those after a match with `continue`. The last one matches all.
    public var routes: [Route]
    /// How long a failed delivery is tried again.
    public var retryFor: Duration
    /// Which alerts follow from others that fire.
    public var inhibitions: [InhibitionRule]
    /// A heartbeat to a watcher elsewhere; nil for none.
    public var heartbeat: HeartbeatConfiguration?
    /// Whether anyone wrote routes; if not, every channel is told everything.
    var hasRoutes = true
    /// Of routes that say nothing else.
    var timing = RouteTiming()

    /// `routes` need not end with one that matches all: what matches none is told to nobody.
    public init(
        channels: [ChannelConfiguration], routes: [Route], retryFor: Duration = .seconds(6 * 3600),
        inhibitions: [InhibitionRule] = InhibitionRule.builtIn
    ) {
        self.channels = channels
        self.routes = routes
        self.retryFor = retryFor
        self.inhibitions = inhibitions
    }

    /// Nobody is told anything.
    public static let none: NotificationConfiguration = {
        var none = NotificationConfiguration(channels: [], routes: [])
        none.hasRoutes = false
        return none
    }()

    /// To every channel, everything.
    static func impliedRoutes(_ channels: [ChannelConfiguration], _ timing: RouteTiming) -> [Route] {
        channels.isEmpty ? [] : [Route(name: "default", channels: channels.map(\.name), timing: timing)]
    }

    /// Reads the `notifications` section:
    ///
    ///     retry_for: 6h
    ///     channels:
    ///       - name: oncall
    ///         email: {to: [oncall@example.com], from: etcd-monitor@example.com, server: "smtp.example.com:587",
    ///                 tls: startTLS, user: monitor, password_file: /etc/etcd-monitor/smtp-password}
    ///       - name: chat
    ///         webhook: {url_file: /etc/etcd-monitor/webhook-url}
    ///     routes:
    ///       - match: {severity: critical}
    ///         channels: [oncall, chat]
    ///     default: {channels: [chat]}
    ///
    /// Complaints go to the reader's `problems`; each mapping is finished here.
    public init(reading reader: MappingReader) {
        var reader = reader
        retryFor = reader.duration("retry_for", default: .seconds(6 * 3600), in: .seconds(60) ... .seconds(7 * 86_400))
        let isInhibiting = reader.bool("built_in_inhibition", default: true)
        inhibitions =
            (isInhibiting ? InhibitionRule.builtIn : []) + reader.mappings("inhibit").map(InhibitionRule.init(reading:))
        heartbeat = reader.mapping("heartbeat").map(HeartbeatConfiguration.init(reading:))
        let timing = RouteTiming(reading: &reader, default: RouteTiming())
        self.timing = timing
        channels = reader.mappings("channels").map(ChannelConfiguration.init(reading:))
        routes = reader.mappings("routes").enumerated().map { number, route in
            Route(reading: route, name: "route \(number + 1)", timing: timing)
        }
        if let fallback = reader.mapping("default") {
            routes.append(Route(reading: fallback, name: "default", timing: timing, matchesAll: true))
        } else if routes.isEmpty {
            hasRoutes = false
            routes = Self.impliedRoutes(channels, timing)
        }
        reader.finish()
        check(reader)
    }

    private func check(_ reader: MappingReader) {
        var seen: Set<String> = []
        for channel in channels where !seen.insert(channel.name).inserted {
            reader.problems.report(
                reader.node.error("two channels are named \"\(channel.name)\"", remedy: "give each its own name"))
        }
        func check(_ name: String, of place: String) {
            guard !seen.contains(name) else { return }
            let near = nearestName(to: name, among: Array(seen))
            reader.problems.report(
                reader.node.error(
                    "\(place) goes to \"\(name)\", which is no channel",
                    remedy: near.map { "did you mean \"\($0)\"?" } ?? "add it to channels"))
        }
        for route in routes { for name in route.channels { check(name, of: route.name) } }
        for channel in channels {
            guard let fallback = channel.fallback else { continue }
            check(fallback.channel, of: "the fallback of \(channel.name)")
            if fallback.channel == channel.name {
                reader.problems.report(
                    reader.node.error("\(channel.name) is its own fallback", remedy: "name another channel"))
            }
        }
    }
}
