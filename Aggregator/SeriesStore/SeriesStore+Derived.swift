public import Model
internal import Postgres
public import SeriesQuery

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
}
