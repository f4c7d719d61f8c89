internal import AsyncSupport
internal import HTTPClient
public import Logging
public import Model

/// Looks every second, and tells whoever is configured: at once, and if that fails again and again until it is told or
/// over.
public actor EmergencyCaller {
    private let settings: EmergencySettings
    private let cluster: String
    private let node: String
    private let aggregator: String
    private let circumstances: @Sendable () async -> Circumstances
    private let clock: WallClock
    private let logger: Logger
    private var watch: EmergencyWatch
    private var current: EmergencyMessage?
    /// Rises with each repetition.
    private var repetition = 0
    private var ways: [Way] = []

    /// What one attempt may take.
    private static let deadline: Duration = .seconds(10)
    /// How long the end is told to a receiver that does not take it.
    private static let endIsNews: Duration = .seconds(3600)

    private struct Due {
        let message: EmergencyMessage
        let repetition: Int
        var at: ContinuousClock.Instant
        /// When it is of no use any more; nil for never.
        let until: ContinuousClock.Instant?
    }

    private struct Way {
        let name: String
        let send: @Sendable (EmergencyMessage, Int) async throws -> Void
        /// What is still to be told.
        var due: Due?
        var backoff = Backoff(initial: .seconds(2), maximum: .seconds(60))
        /// Whether it was told of the emergency at hand: only then it is told of its end.
        var knows = false
    }

    /// - Parameters:
    ///   - aggregator: where people reach it; named in what is sent.
    ///   - circumstances: asked every second.
    public init(
        _ settings: EmergencySettings, cluster: String, node: String, aggregator: String,
        circumstances: @escaping @Sendable () async -> Circumstances, clock: WallClock = .system, logger: Logger
    ) {
        self.settings = settings
        self.cluster = cluster
        self.node = node
        self.aggregator = aggregator
        self.circumstances = circumstances
        self.clock = clock
        self.logger = logger
        watch = EmergencyWatch(after: settings.after, repeatEvery: settings.repeatEvery)
        if let webhook = settings.webhook { ways.append(Self.way(webhook, aggregator)) }
        if let mail = settings.mail { ways.append(Self.way(mail, clock)) }
    }

    /// Looks until the task is cancelled.
    public func run() async throws {
        var ticker = Ticker(every: .seconds(1), clock: ContinuousClock())
        while true {
            await look(at: ContinuousClock.now)
            _ = try await ticker.next()
        }
    }

    /// One look, and one attempt at what is due.
    func look(at instant: ContinuousClock.Instant) async {
        switch watch.step(await circumstances(), at: instant) {
        case .nothing: break
        case .raise(let found):
            repetition += 1
            let since = current?.since ?? clock.now
            current = EmergencyMessage(cluster: cluster, node: node, since: since, circumstances: found)
            logger.error("no leader and no aggregator: calling for help", metadata: ["repetition": "\(repetition)"])
            for at in ways.indices { due(current, on: at, instant) }
        case .clear:
            current?.endedAt = clock.now
            for at in ways.indices {
                due(ways[at].knows ? current : nil, on: at, instant)
                ways[at].knows = false
            }
            (current, repetition) = (nil, 0)
        }
        for at in ways.indices { await attempt(at, instant) }
    }

    private func due(_ message: EmergencyMessage?, on at: Int, _ instant: ContinuousClock.Instant) {
        ways[at].due = message.map {
            Due(
                message: $0, repetition: repetition, at: instant,
                until: $0.endedAt == nil ? nil : instant + Self.endIsNews)
        }
        ways[at].backoff = Backoff(initial: .seconds(2), maximum: .seconds(60))
    }

    private func attempt(_ at: Int, _ instant: ContinuousClock.Instant) async {
        guard let due = ways[at].due, due.at <= instant else { return }
        if let until = due.until, instant > until {
            ways[at].due = nil
            return
        }
        let send = ways[at].send
        do {
            try await send(due.message, due.repetition)
            ways[at].due = nil
            ways[at].knows = due.message.endedAt == nil
            logger.warning("called for help", metadata: ["way": "\(ways[at].name)"])
        } catch {
            let next = instant + ways[at].backoff.next()
            ways[at].due?.at = next
            logger.warning(
                "the call for help failed", metadata: ["way": "\(ways[at].name)", "error": "\(error)"])
        }
    }

    private static func way(_ webhook: EmergencySettings.Webhook, _ aggregator: String) -> Way {
        let client = HTTPClient(tls: webhook.tls, maximumConnections: 1, idleConnections: 0)
        return Way(name: "webhook") { message, repetition in
            let headers = [
                (name: "Content-Type", value: "application/json"), ("User-Agent", "etcd-monitor-agent"),
                ("Idempotency-Key", message.key(repetition: repetition)),
            ]
            let request = HTTPRequest(
                "POST", try webhook.url.read(), headers: headers, body: message.webhookBody(externalURL: aggregator),
                maximumBodyBytes: 64 << 10)
            let answer: HTTPResponse
            do throws(HTTPClientError) {
                answer = try await client.send(request, deadline: deadline)
            } catch {
                // The message may name the URL, whose path is a secret.
                throw EmergencyError(description: "the webhook cannot be reached (\(error.code))")
            }
            guard (200..<300).contains(answer.status) else {
                throw EmergencyError(description: "the webhook answered \(answer.status)")
            }
        }
    }

    private static func way(_ mail: EmergencySettings.Mail, _ clock: WallClock) -> Way {
        let client = MailClient()
        return Way(name: "mail") { message, repetition in
            var server = mail.server
            server.password = try mail.password?.read()
            let text = message.mail(from: mail.sender, to: mail.recipients, repetition: repetition, at: clock.now)
            try await client.send(text, to: server, deadline: deadline)
        }
    }
}

/// Why a call for help failed; holds no secret.
struct EmergencyError: Error, CustomStringConvertible {
    var description: String
}
