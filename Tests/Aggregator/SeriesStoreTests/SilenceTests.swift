import Testing

@testable import SeriesStore

struct SilenceTests {
    private func silence(until: Int64, lifetimes: [ClosedRange<Int64>] = [0...Int64.max]) -> Silence {
        Silence(interval: 5, lifetimes: lifetimes, judgedUntil: until)
    }

    @Test func aGapOfTwoIntervalsIsNoSilence() {
        #expect(silence(until: 20).gaps(between: [0, 10, 20]) == [])
    }

    @Test func eachMissedInstantOfAClosedGapIsCounted() {
        #expect(silence(until: 35).gaps(between: [0, 5, 30, 35]) == [Silence.Gap(first: 10, last: 25)])
    }

    @Test func anOpenGapReachesToNow() {
        #expect(silence(until: 17).gaps(between: [0]) == [Silence.Gap(first: 5, last: 15)])
        #expect(silence(until: 12).gaps(between: [0]) == [])
    }

    @Test func nothingIsMissedAfterTheEndOfALife() {
        #expect(silence(until: 100, lifetimes: [0...22]).gaps(between: [0]) == [Silence.Gap(first: 5, last: 20)])
        #expect(silence(until: 100, lifetimes: [0...3]).gaps(between: [0]) == [])
    }

    @Test func betweenTwoLivesNothingIsMissed() {
        let gaps = silence(until: 100, lifetimes: [0...11, 80...Int64.max]).gaps(between: [0, 90, 95, 100])
        #expect(gaps == [Silence.Gap(first: 5, last: 10), Silence.Gap(first: 80, last: 85)])
    }

    @Test func livesThatOverlapAreOne() {
        #expect(Silence.joined([5...9, 0...6, 20...30]) == [0...9, 20...30])
    }

    @Test func datesAreThoseOfTheCalendar() {
        #expect(CalendarDay(of: 0 * 86_400_000).name == "19700101")
        #expect(CalendarDay(of: 11_016 * 86_400_000).name == "20000229")
        #expect(CalendarDay(of: 20_513 * 86_400_000).name == "20260301")
        #expect(CalendarDay(of: -1 * 86_400_000).name == "19691231")
    }
}
