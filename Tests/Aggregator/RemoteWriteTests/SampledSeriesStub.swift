import Model
import SeriesQuery

/// Series for what only looks at values.
enum SampledSeriesStub {
    /// `up` with these values, a second apart.
    static func series(_ values: [Double]) -> SampledSeries {
        SampledSeries(
            labels: ["__name__": "up"], timestamps: values.indices.map { Int64($0) * 1000 }, values: values)
    }
}
