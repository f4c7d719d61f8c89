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

    @Test func whatTakesLongIsAskedMoreRarely() {
        var pace = QuestionPace()
        let start = ContinuousClock.now
        let all = pace.due(at: start)
        pace.took(.seconds(1), for: all, at: start)
        #expect(pace.due(at: start + .seconds(9)).isEmpty)
        let frequent = pace.due(at: start + .seconds(10))
        #expect(frequent.count == HealthQueries.frequent.count)
        pace.took(.seconds(60), for: frequent, at: start + .seconds(10))
        #expect(
            pace.due(at: start + .seconds(29)).count == HealthQueries.occasional.count, "the others have their own pace"
        )
        #expect(pace.due(at: start + .seconds(30)).count == HealthQueries.frequent.count, "never rarer than that")
    }

    @Test func whatIsQuickKeepsItsPace() {
        var pace = QuestionPace()
        let start = ContinuousClock.now
        pace.took(.milliseconds(5), for: pace.due(at: start), at: start)
        #expect(pace.due(at: start + .seconds(5)).count == HealthQueries.frequent.count)
    }
}
