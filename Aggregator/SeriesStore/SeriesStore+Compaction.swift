internal import FrameCodec
internal import Postgres
internal import Synchronization

extension SeriesStore {
    /// The catalogue, with all that is needed to read `batches`, which another aggregator may have taken in.
    func catalogue(knowing batches: [StoredBatch], on connection: PostgresConnection) async throws -> Catalogue {
        let known = state.withLock { $0.catalogue }
        var missing: Set<StreamNumber> = []
        var layouts: Set<LayoutHash> = []
        for batch in batches {
            for scrape in batch.scrapes where known.numbers[scrape.streamNumber] == nil {
                var stream = scrape.streamNumber
                stream.number = 0
                missing.insert(stream)
            }
            layouts.formUnion(batch.batch.keyframes.map(\.layout))
        }
        return try await learn(missing, layouts, on: connection)
    }

    /// The catalogue, with `layouts` and all that they grew from.
    func catalogue(knowing layouts: Set<LayoutHash>, on connection: PostgresConnection) async throws -> Catalogue {
        try await learn([], layouts, on: connection)
    }

    /// Reads what the catalogue lacks: what numbers mean in `streams`, each named by its number 0, and `layouts` with all
    /// that they grew from.
    func learn(
        _ streams: Set<StreamNumber>, _ layouts: Set<LayoutHash>, on connection: PostgresConnection
    ) async throws -> Catalogue {
        let known = state.withLock { $0.catalogue }
        let agents =
            streams.isEmpty
            ? [] : try await CatalogueTables.agents(Set(streams.map(\.agent)).sorted(), on: connection)
        var numbers: [StreamNumber: SourceNumber] = [:]
        var sources: [SourceRecord] = []
        for stream in streams {
            let found = try await CatalogueTables.numbers(stream.agent, epoch: stream.epoch, on: connection)
            numbers.merge(found.0) { $1 }
            sources += found.1
        }
        let missing = layouts.filter { known.layouts[$0] == nil }
        let additions = try await CatalogueTables.layouts(missing, on: connection)
        return state.withLock { state in
            for agent in agents { state.catalogue.add(agent) }
            state.catalogue.add(sources)
            for (number, meaning) in numbers { state.catalogue.add(number, meaning) }
            for addition in additions { state.catalogue.add(addition) }
            return state.catalogue
        }
    }
}
