internal import Access
internal import AsyncSupport
internal import Fleet
internal import FleetHealth
internal import Hummingbird
internal import JSON
internal import Logging
internal import Model
internal import NIOCore
internal import Rules
internal import ServiceLifecycle
internal import Synchronization

/// `/api/v1/stream`: server-sent events for the dashboard. A tick each second, clusters as they change, events and
/// alerts as they happen; each client sees only the clusters it may.
final class EventStream: Sendable {
    private struct State {
        var open = 0
        var byUser: [String: Int] = [:]
    }

    /// A stream's place among those that are open; given back when nothing holds it any more, also when the answer was
    /// never written because the client was gone already.
    private final class Place: Sendable {
        let user: String
        private let stream: EventStream

        init(_ user: String, in stream: EventStream) {
            self.user = user
            self.stream = stream
        }

        deinit { stream.leave(user) }
    }

    /// What one client may have waiting; one that is further behind loses the oldest.
    private static let buffer = 256

    /// Then the client connects again.
    private static let longest: Duration = .seconds(1800)

    /// How often a client is recognised anew: a revocation takes effect within five seconds.
    private static let recognition: Duration = .seconds(3)

    private let services: APIServices
    private let gate: RouteGate
    private let limits: APILimits
    private let state = Mutex(State())

    init(services: APIServices, limits: APILimits) {
        self.services = services
        self.limits = limits
        gate = RouteGate(access: services.access)
    }

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/stream", .permission(.viewFleet),
                Operation(
                    "stream", tag: "fleet", "Server-sent events: tick, clusters, event, alert.",
                    mediaType: "text/event-stream"), handler: { try await self.open($0, $1) })
        ]
    }

    /// How many are open.
    var openCount: Int { state.withLock { $0.open } }

    private func open(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let place = try enter(principal.name)
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store, no-transform"
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(place) {} }
            try await self.run(for: principal, request, &writer)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func enter(_ user: String) throws -> Place {
        try state.withLock { state in
            guard state.open < limits.streams, state.byUser[user, default: 0] < limits.streamsPerUser else {
                var headers = HTTPFields()
                headers[.retryAfter] = "10"
                throw APIError(
                    .tooManyRequests, "too-many-streams", "too many event streams are open; close one", headers: headers
                )
            }
            state.open += 1
            state.byUser[user, default: 0] += 1
        }
        return Place(user, in: self)
    }

    private func leave(_ user: String) {
        state.withLock { state in
            state.open -= 1
            let left = state.byUser[user, default: 1] - 1
            state.byUser[user] = left > 0 ? left : nil
        }
    }

    /// Writes until the client goes, the program stops, or the client is no longer who it was.
    private func run(
        for principal: Principal, _ request: Request, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let (frames, continuation) = AsyncStream.makeStream(
            of: [UInt8].self, bufferingPolicy: .bufferingNewest(Self.buffer))
        continuation.yield(Self.tick(services.clock.now, services.problems()))
        continuation.yield(Self.clusters(services.health.summaries.filter { principal.sees($0.name) }))
        let sources = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.feed(continuation, for: principal) }
                group.addTask {
                    await self.watch(principal, request)
                    continuation.finish()
                }
            }
        }
        defer { sources.cancel() }
        // Ends the stream in order at shutdown: a body that is cut off looks like a failure to the client.
        try await withGracefulShutdownHandler {
            for await frame in frames { try await writer.write(ByteBuffer(bytes: frame)) }
        } onGracefulShutdown: {
            continuation.finish()
        }
    }

    private func feed(_ continuation: AsyncStream<[UInt8]>.Continuation, for principal: Principal) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                var ticker = Ticker(every: .seconds(1), clock: ContinuousClock())
                // Cancelled: the client is gone.
                while let tick = try? await ticker.next() {
                    continuation.yield(Self.tick(self.services.clock.now, self.services.problems()))
                    if .seconds(tick.number) >= Self.longest { continuation.finish() }
                }
            }
            group.addTask {
                for await changed in self.services.health.changes.subscribe() {
                    let visible = changed.filter { principal.sees($0.name) }
                    if !visible.isEmpty { continuation.yield(Self.clusters(visible)) }
                }
            }
            group.addTask {
                for await event in self.services.fleet.events.subscribe() where principal.sees(event.cluster) {
                    continuation.yield(Self.frame("event", event))
                }
            }
            group.addTask {
                for await alert in self.services.rules.changes.subscribe() {
                    let isVisible = principal.sees(alert)
                    if isVisible { continuation.yield(Self.frame("alert", AlertAnswer(alert: alert, deliveries: []))) }
                }
            }
        }
    }

    /// Returns when `request` would be refused now, or would come from somebody with other rights: the client connects
    /// again and is told, or sees what it now may.
    private func watch(_ principal: Principal, _ request: Request) async {
        var ticker = Ticker(every: Self.recognition, phase: Self.recognition, clock: ContinuousClock())
        // Cancelled: the client is gone.
        while (try? await ticker.next()) != nil {
            do {
                guard try await gate.recognise(request, from: "") == principal else { return }
            } catch let error as AccessError where error.code == .unauthenticated {
                return
            } catch {
                // The database does not answer now. It will, and then tells who was revoked meanwhile.
                services.logger.debug("a stream's client cannot be recognised", metadata: ["error": "\(error)"])
            }
        }
    }

    private static func tick(_ now: Timestamp, _ problems: [SelfProblem]) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("now", now.milliseconds)
            guard !problems.isEmpty else { return }
            $0.key("problems")
            $0.array {
                for problem in problems { $0.string("\(problem.sentence) \(problem.remedy)") }
            }
        }
        return frame("tick", json.bytes)
    }

    private static func clusters(_ summaries: [ClusterSummary]) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("clusters", answers: summaries) }
        return frame("clusters", json.bytes)
    }

    private static func frame(_ name: String, _ answer: some JSONAnswer) -> [UInt8] {
        var json = JSONWriter()
        answer.write(to: &json)
        return frame(name, json.bytes)
    }

    /// Compact JSON holds no line feed, so one data line is enough.
    private static func frame(_ name: String, _ json: [UInt8]) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + json + [0x0a, 0x0a]
    }
}
