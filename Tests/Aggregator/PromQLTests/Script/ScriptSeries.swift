import Model
import PromQL

/// A series of a script, and how far apart its values are.
struct ScriptSeries {
    var notation: SeriesNotation
    /// Milliseconds between values.
    var interval: Int64

    var labels: Labels { notation.labels }
    var values: [Double?] { notation.values }
    /// Whether a value is a native histogram.
    var isNative: Bool { notation.isNative }

    init(_ line: String, line number: Int, interval: Int64) throws {
        self.interval = interval
        do {
            notation = try SeriesNotation(line)
        } catch {
            throw PromQLScript.Mistake(line: number, problem: error.message)
        }
    }
}
