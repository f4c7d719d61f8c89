internal import FrameCodec
public import Model
internal import Postgres
public import SeriesQuery
internal import Synchronization

extension SeriesStore: SeriesSink {
    public func append(_ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp) async throws {
        let batch = try await derived.encode(samples, source: source, at: at)
        do {
            let written = try await pool.transaction { try await self.write([batch], on: $0) }
            apply(committed: written)
        } catch {
            await derived.forget(source: source)
            throw error
        }
    }

    /// Stores rounds of series that others measure, all or none.
    ///
    /// - Parameter families: TYPE and HELP as far as the sender told them, by name.
    /// - Throws: ``StoreError`` with `.outOfOrder` or `.full` for what cannot be kept; others when nothing was stored.
    public func append(remote rounds: [RemoteRound], families: [String: MetricFamily]) async throws {
        let work = try await remote.encode(rounds, families: families) { self.newestRound(ofOwn: $0) }
        do {
            let written = try await pool.transaction { try await self.write(work.batches, on: $0) }
            apply(committed: written)
        } catch {
            await remote.finish(work, isCommitted: false)
            throw error
        }
        await remote.finish(work, isCommitted: true)
    }

    /// When the newest round of the aggregator's own source `name` was; nil if there is no such source.
    private func newestRound(ofOwn name: String) -> Int64? {
        state.withLock { state in
            let sources = state.catalogue.targets.last { $0.key.kind == .aggregator && $0.key.name == name }?.sources
            return sources?.compactMap { state.latest[$0]?.timestamp }.max()
        }
    }
}
