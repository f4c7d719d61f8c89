import Model
import Testing

@testable import FleetHealth

@Suite struct HistoryTests {
    private let noon = Timestamp(milliseconds: 1_790_000_100_000 / 900_000 * 900_000)

    @Test func keepsTheWorstOfEachQuarter() {
        var history = HealthHistory()
        let changes = [
            history.note(.healthy, at: noon), history.note(.critical, at: noon + .seconds(60)),
            history.note(.degraded, at: noon + .seconds(120)), history.note(.healthy, at: noon + .seconds(900)),
        ]
        #expect(changes == [true, true, false, true])
        let cells = history.cells(at: noon + .seconds(900))
        #expect(cells.count == 96)
        #expect(cells.suffix(2).map(\.status) == [.critical, .healthy])
        #expect(cells.first?.status == .unknown)
    }

    @Test func forgetsWhatIsOlderThanADay() {
        var history = HealthHistory()
        _ = history.note(.critical, at: noon)
        _ = history.note(.healthy, at: noon + .seconds(86_400))
        #expect(!history.cells(at: noon + .seconds(86_400)).contains { $0.status == .critical })
    }

    @Test(arguments: [(0.142, "14.2 %"), (0.5, "50 %"), (1, "100 %"), (0.9999, "100 %")])
    func writesPercentAsPeopleDo(share: Double, text: String) {
        #expect(Words.percent(share) == text)
    }

    @Test(arguments: [(999, "999 B"), (2.1e9, "2.1 GB"), (340e6, "340 MB")])
    func writesBytesAsPeopleDo(count: Double, text: String) {
        #expect(Words.bytes(count) == text)
    }
}
