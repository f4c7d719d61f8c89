internal import HTTPClient
internal import Model
internal import Postgres

/// How a test went.
public struct ChannelTest: Sendable {
    /// Whether the receiver took it.
    public var isDelivered: Bool
    /// HTTP status or SMTP answer, if there was one.
    public var code: Int?
    /// Why not; holds no secret.
    public var error: String?
    /// Until the receiver's answer.
    public var latency: Duration
    /// The channel that was told of the failure in its place, and whether it took that.
    public var fallback: (channel: String, isDelivered: Bool)?
}

/// A channel and how it goes; holds no secret.
public struct ChannelStatus: Sendable {
    /// How it goes.
    public enum Health: String, Sendable {
        /// Nothing was to be told yet.
        case unused
        /// The last delivery was made.
        case ok
        /// Attempts fail, or the last delivery was given up.
        case failing
    }

    /// As it is configured.
    public var configuration: ChannelConfiguration
    /// How it goes.
    public var health: Health
    /// Deliveries that wait for an attempt.
    public var waiting: Int
    /// The last that was made.
    public var lastDelivered: DeliveryRecord?
    /// The last that failed or is tried again.
    public var lastFailed: DeliveryRecord?
    /// What an administrator made of it over the API; nil if it stands in the configuration file.
    public var stored: StoredChannel?
}

extension ChannelConfiguration {
    /// Where it tells, for people; no secret, and of a URL that may be one only where it stands.
    public var target: String {
        switch kind {
        case .email(let settings):
            "\(settings.recipients.joined(separator: ", ")) by \(settings.server.host):\(settings.server.port)"
        case .webhook(let settings): Self.place(of: settings.url)
        case .slack(let settings):
            switch settings.way {
            case .webhook(let url): Self.place(of: url)
            case .bot(_, let channel): channel
            }
        case .pagerDuty(let settings): Self.host(of: settings.url)
        case .alertmanager(let settings): settings.urls.map(Self.host(of:)).joined(separator: ", ")
        }
    }

    private static func place(of url: SecretSource) -> String {
        switch url {
        case .literal(let url): host(of: url)
        case .unreadable: "unknown"
        case .file, .environment: "the URL in \(url)"
        }
    }

    /// Scheme, host and port: what stands after may be a token.
    private static func host(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return "" }
        return "\(parts[0])//\(parts[2].split(separator: "@").last ?? "")"
    }
}

extension NotificationService {
    /// Sends a message that says it is a test to the channel `name`, at once and outside the ledger. Where it would stay
    /// open, its end is sent too. If that fails, its fallback is told so.
    ///
    /// - Throws: `.noChannel`; `.tooMany` within five seconds of the test before.
    public func test(channel name: String, by person: String) async throws -> ChannelTest {
        let setup = setup
        guard let channel = setup.channels[name] else {
            throw NotificationsError(.noChannel, "there is no channel \(name)")
        }
        try noteTest(of: name)
        let words = "This is a test, asked for by \(person). Nothing is wrong."
        let steady = ContinuousClock()
        let start = steady.now
        let outcome = await sendTest(words, to: channel, setup)
        var test = ChannelTest(
            isDelivered: outcome.result == .delivered, code: outcome.code,
            error: outcome.result == .delivered ? nil : outcome.error ?? "not delivered", latency: steady.now - start)
        if !test.isDelivered, let other = setup.configuration.channels.first(where: { $0.name == name })?.fallback,
            let fallback = setup.channels[other.channel]
        {
            let words = "A test of \(name), asked for by \(person), failed: \(test.error ?? "")"
            let told = await sendTest(words, to: fallback, setup)
            test.fallback = (other.channel, told.result == .delivered)
        }
        return test
    }

    private func sendTest(_ words: String, to channel: any Channel, _ setup: NotificationSetup) async -> AttemptOutcome
    {
        let now = clock.now
        let alert = Alert(
            labels: ["alertname": "EtcdMonitorTest", "severity": "info"], annotations: ["summary": words],
            state: .firing, value: 1, activeAt: now, firedAt: now)
        let content = NotificationContent(
            route: "test", groupKey: "{}:{alertname=\"EtcdMonitorTest\"}",
            groupLabels: ["alertname": "EtcdMonitorTest"], alerts: [alert])
        // Nothing that a receiver keeps of one test may make it ignore the next.
        var notification = DueNotification(id: now.milliseconds, createdAt: now, content: content)
        let outcome = await channel.send(notification)
        let kind = setup.configuration.channels.first { $0.name == channel.name }?.kind
        if outcome.result == .delivered, kind?.staysOpen == true {
            notification.content.alerts[0].state = .resolved
            notification.content.alerts[0].resolvedAt = clock.now
            notification.id += 1
            _ = await channel.send(notification)
        }
        return outcome
    }

    /// The channels in the configuration's order, and how each goes.
    public func channelStatuses() async throws -> [ChannelStatus] {
        let setup = setup
        let names = setup.configuration.channels.map(\.name)
        let waiting = try await ledger.waiting()
        let delivered = try await ledger.last(on: names, status: "delivered")
        let failed = try await ledger.last(on: names, status: "failed")
        let retried = try await ledger.last(on: names, status: "waiting")
        return setup.configuration.channels.map { channel in
            let name = channel.name
            let trouble = [failed[name], retried[name]].compactMap { $0 }.max { $0.id < $1.id }
            let isFailing = trouble.map { $0.id > delivered[name]?.id ?? 0 } ?? false
            return ChannelStatus(
                configuration: channel,
                health: isFailing ? .failing : delivered[name] == nil && trouble == nil ? .unused : .ok,
                waiting: waiting[name] ?? 0, lastDelivered: delivered[name], lastFailed: trouble,
                stored: setup.stored[name])
        }
    }

    /// One delivery with its attempts, oldest first.
    ///
    /// - Throws: `.notFound`.
    public func delivery(_ id: Int64) async throws -> (record: DeliveryRecord, attempts: [DeliveryAttempt]) {
        guard let record = try await ledger.delivery(id) else {
            throw NotificationsError(.notFound, "there is no delivery \(id)")
        }
        return (record, try await ledger.attempts(of: id))
    }

    /// How the latest notification of each alert was delivered, by fingerprint; one record per channel.
    public func deliveries(of fingerprints: [String]) async throws -> [String: [DeliveryRecord]] {
        fingerprints.isEmpty ? [:] : try await ledger.latest(of: fingerprints)
    }

    /// The ledger, newest first; `limit` 1 to 1,000.
    public func deliveries(_ filter: DeliveryFilter = DeliveryFilter(), limit: Int = 100) async throws
        -> [DeliveryRecord]
    {
        try await ledger.list(filter, limit: min(max(limit, 1), 1000))
    }
}

/// Which deliveries are listed.
public struct DeliveryFilter: Sendable {
    /// Only those with smaller ids; nil for the newest.
    public var before: Int64?
    /// Only on this channel.
    public var channel: String?
    /// Only those that are so far.
    public var status: DeliveryRecord.Status?

    /// All that the arguments let through.
    public init(before: Int64? = nil, channel: String? = nil, status: DeliveryRecord.Status? = nil) {
        self.before = before
        self.channel = channel
        self.status = status
    }
}
