internal import FrameCodec
public import Model
internal import Postgres
public import SeriesQuery
internal import Synchronization

// What was received, in the order that it came: for those who pass it on.
extension SeriesStore {
    /// The samples of the batches received after one instant and until another, both as the aggregator's clock told, of
    /// the series that satisfy all of `matchers`.
    ///
    /// Ask only for what lies `commitTolerance` back: what was received earlier may still be committed. A series that is
    /// not in one of its source's rounds has a staleness marker there. Silence, which is told of nothing that was
    /// received, is not told here.
    public func received(
        after start: Timestamp, through end: Timestamp, matching matchers: [LabelMatcher]
    ) async throws -> [SampledSeries] {
        let catalogue = state.withLock { $0.catalogue }
        var reading = Reading(catalogue: catalogue)
        for plan in QueryPlan(matchers, in: catalogue).targets {
            for source in plan.sources { reading.targetOfSource[source.id] = reading.targets.count }
            reading.targets.append(
                Reading.Target(plan: plan, decoder: ScrapeDecoder(cache: keyframes, wanted: plan.wanted)))
        }
        let batches = try await table.batches(receivedAfter: start.milliseconds, through: end.milliseconds)
        try await decode(batches.flatMap(\.scrapes), into: &reading)
        var found: [SampledSeries] = []
        for target in reading.targets {
            try Task.checkCancellation()
            let layouts = target.decoder.labels
            for segment in target.decoder.segments {
                for (labels, values) in zip(layouts[segment.layout], segment.columns) {
                    let column = SampledColumn(
                        labels: labels.adding(target.plan.key.identity), timestamps: segment.timestamps, values: values)
                    let told = target.plan.isRemote ? column.withoutAbsences : column
                    guard !told.timestamps.isEmpty else { continue }
                    found.append(
                        SampledSeries(labels: told.labels, timestamps: told.timestamps, values: told.values))
                }
            }
        }
        return found
    }

    /// The earliest instant from which on all batches that were received are still there as such.
    public func batchesBegin() async throws -> Timestamp? {
        let row = try await pool.query("select min(starts_at) as at from batch_partition").first
        return try row?["at"]
    }

    /// Until when all that was received was passed on, by the slowest of those whose place is worth waiting for.
    func forwardedThrough(at now: Timestamp) async throws -> Timestamp? {
        let row = try await pool.query(
            """
            select min(received_through) as at from remote_write_position
            where received_through > \(now - options.forwardingHold)
            """
        ).first
        return try row?["at"]
    }
}
