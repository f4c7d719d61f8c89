internal import AsyncSupport
internal import ConfigurationFile
public import HTTPClient
internal import JSON
public import Logging
public import Model
public import ServiceLifecycle
internal import Synchronization

/// Where the aggregator says that it is alive.
public struct HeartbeatConfiguration: Sendable {
    /// `http` or `https`; most carry a token in their path.
    public var url: SecretSource
    /// Sent as `Authorization: Bearer …`.
    public var bearerToken: SecretSource?
    /// How often.
    public var interval: Duration
    /// For `https`.
    public var tls: TLSOptions

    /// A heartbeat to `url`.
    public init(
        url: SecretSource, bearerToken: SecretSource? = nil, interval: Duration = .seconds(60),
        tls: TLSOptions = TLSOptions()
    ) {
        self.url = url
        self.bearerToken = bearerToken
        self.interval = interval
        self.tls = tls
    }

    init(reading reader: MappingReader) {
        var reader = reader
        url = reader.urlOrSecret("url") ?? .literal("")
        bearerToken = reader.secret("bearer_token")
        interval = reader.duration("interval", default: .seconds(60), in: .seconds(5) ... .seconds(86_400))
        tls = reader.tls()
        reader.finish()
    }
}

/// The dead man's switch: tells a watcher elsewhere that rules are evaluated and deliveries are made, so that its silence
/// says that they are not.
///
/// Beats only while all is well: of several aggregators the one that evaluates. A beat that fails is tried again at the
/// next; more would hide what it is for.
public final class HeartbeatService: Service {
    /// How the beating goes.
    public struct Status: Sendable {
        /// When the watcher last took a beat; nil for never.
        public var lastBeat: Timestamp?
        /// Why the last beat failed or was left out; nil after a success. Holds no secret.
        public var trouble: String?
    }

    private let configuration: HeartbeatConfiguration
    private let post: HTTPDelivery
    private let trouble: @Sendable () -> String?
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(Status())

    /// - Parameter trouble: why there is to be no beat now; nil while all is well.
    public init(
        _ configuration: HeartbeatConfiguration, trouble: @escaping @Sendable () -> String?,
        clock: WallClock = .system, logger: Logger
    ) {
        self.configuration = configuration
        self.trouble = trouble
        self.clock = clock
        self.logger = logger
        let client = HTTPClient(tls: configuration.tls, maximumConnections: 1, idleConnections: 1)
        post = HTTPDelivery(client: client, deadline: min(.seconds(10), configuration.interval))
    }

    /// How it goes.
    public var status: Status { state.withLock { $0 } }

    /// Beats until the program stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var ticker = Ticker(every: self.configuration.interval, clock: ContinuousClock())
            while !Task.isCancelled {
                await self.beat()
                do {
                    _ = try await ticker.next()
                } catch {
                    return
                }
            }
        }
    }

    /// One beat, if all is well.
    func beat() async {
        if let trouble = trouble() {
            note("left out: \(trouble)")
            return
        }
        let outcome = await send()
        guard !Task.isCancelled else { return }
        note(outcome.result == .delivered ? nil : outcome.error ?? "not delivered")
    }

    private func send() async -> AttemptOutcome {
        do throws(NotificationsError) {
            let url = try configuration.url.read()
            let token = try configuration.bearerToken?.read()
            var json = JSONWriter()
            json.object {
                $0.member("status", "alive")
                $0.member("at", clock.now.milliseconds)
            }
            return await post.post(json.bytes, to: url, bearer: token)
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
    }

    /// Logs changes only.
    private func note(_ trouble: String?) {
        let now = clock.now
        let before = state.withLock { state in
            let before = state
            state.trouble = trouble
            if trouble == nil { state.lastBeat = now }
            return before
        }
        if let trouble, before.trouble != trouble {
            logger.warning("no heartbeat", metadata: ["reason": "\(trouble)"])
        } else if trouble == nil, before.trouble != nil {
            logger.info("the heart beats again")
        }
    }
}
