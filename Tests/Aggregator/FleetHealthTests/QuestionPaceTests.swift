import Testing

@testable import FleetHealth

@Suite struct QuestionPaceTests {
    @Test func aStormOfChangesAsksTheSeriesNoMoreThanTimeDoes() {
        var pace = QuestionPace()
        let start = ContinuousClock.now
        #expect(pace.due(at: start).count == HealthQueries.frequent.count + HealthQueries.occasional.count)
        for step in 1..<20 { #expect(pace.due(at: start + .milliseconds(200 * step)).isEmpty) }
        #expect(pace.due(at: start + .seconds(5)).count == HealthQueries.frequent.count)
        #expect(
            pace.due(at: start + .seconds(30)).count == HealthQueries.frequent.count + HealthQueries.occasional.count)
    }
}
