internal import AgentProtocol
internal import AsyncSupport
public import Fleet
internal import FrameCodec
public import Logging
public import Model
public import SeriesStore
public import ServiceLifecycle

/// Follows what other aggregators over the same database commit: series become visible here, agents count as heard, and
/// what they say of their members is judged as if it had come here.
public struct PeerFollower: Service, CustomStringConvertible {
    private let store: SeriesStore
    private let fleet: FleetService
    private let logger: Logger
    private let stateChanged: @Sendable (Timestamp) -> Void

    /// - Parameter stateChanged: called when a member's state changed, with the newest sample's time.
    public init(
        store: SeriesStore, fleet: FleetService, logger: Logger, stateChanged: @escaping @Sendable (Timestamp) -> Void
    ) {
        self.store = store
        self.fleet = fleet
        self.logger = logger
        self.stateChanged = stateChanged
    }

    public var description: String { "PeerFollower" }

    /// Follows until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(10))
            while !Task.isCancelled {
                do {
                    try await self.store.follow { await self.take($0) }
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning(
                        "other aggregators cannot be followed; it is tried again",
                        metadata: ["error": "\(String(reflecting: error))"])
                    // Cancelled is how it ends.
                    try? await Task.sleep(for: backoff.next())
                }
            }
        }
    }

    private func take(_ batches: [FollowedBatch]) async {
        var opinions: [MemberOpinion] = []
        for followed in batches {
            let header = followed.batch.header
            guard let agent = await agent(header.agent) else { continue }
            fleet.noteFollowed(
                agent.id, at: followed.receivedAt, epoch: header.epoch, sequence: header.sequence,
                newestSample: followed.batch.span?.upperBound)
            for case .state(let source, let json) in followed.batch.items {
                // Checked by the aggregator that took it, which may be newer than this one.
                guard let state = try? MemberState(json: json), let descriptor = followed.descriptors[source],
                    descriptor.kind == .etcd
                else { continue }
                opinions.append(
                    MemberOpinion(
                        state, of: descriptor, from: agent, observedAt: header.madeAt, receivedAt: followed.receivedAt))
            }
        }
        guard let newest = opinions.map(\.observedAt).max() else { return }
        await fleet.apply(opinions, areSaved: true)
        stateChanged(newest)
    }

    /// Who sent a batch; nil for an aggregator, whose own series are of nobody in the fleet.
    private func agent(_ id: AgentID) async -> AgentRecord? {
        if let known = fleet.agent(id) { return known }
        guard id.bytes.contains(where: { $0 != 0 }) else { return nil }
        // The first batch may come before the news of the enrolment.
        await fleet.refresh()
        return fleet.agent(id)
    }
}
