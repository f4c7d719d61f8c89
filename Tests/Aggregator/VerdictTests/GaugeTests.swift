import Model
import PromQL
import Testing

@testable import Verdict

@Suite struct GaugeTests {
    private static let all =
        Gauge.allCases.map { ($0.rawValue, $0.definition) }
        + [("roundTrip", Gauge.roundTrip), ("sendFailures", Gauge.sendFailures), ("flags", Gauge.flags)]

    @Test(arguments: all.map(\.0)) func isAQueryWhateverTheClustersName(name: String) throws {
        let definition = try #require(Self.all.first { $0.0 == name }?.1)
        for time in [Gauge.Definition.Time.now, .usual] {
            let text = definition.query(time, cluster: #"a "quoted" \ name"#, window: 60)
            _ = try Query(text, options: EngineOptions())
            #expect(!text.contains("$"), "\(text)")
        }
    }

    @Test(arguments: [
        (Gauge.Unit.seconds, 0.0612, "61 ms"), (.seconds, 0.0031, "3.1 ms"), (.seconds, 1.25, "1.3 s"),
        (.share, 0.987, "99 %"), (.bytesPerSecond, 123_456_789, "123 MB/s"), (.count, 3, "3"),
        (.cores, 0.25, "0.25 CPUs"), (.seconds, .nan, "? ms"),
    ]) func numbersAreWrittenAsPeopleReadThem(unit: Gauge.Unit, value: Double, text: String) {
        #expect(unit.text(value) == text)
    }
}
