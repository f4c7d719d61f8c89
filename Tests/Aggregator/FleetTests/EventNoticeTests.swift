@testable import Fleet
import Model
import Testing

struct EventNoticeTests {
    @Test(arguments: [0, 1, 350, 1001])
    func everyEventIsNamedInPiecesThatPostgreSQLTakes(count: Int) {
        let notice = EventNotice(origin: .max, ids: (0..<count).map { .max - Int64($0) })
        #expect(notice.payloads.allSatisfy { $0.utf8.count < 8000 })
        #expect(notice.payloads.compactMap { EventNotice(payload: $0) }.flatMap(\.ids) == notice.ids)
    }

    @Test func anEventIsToldOnce() {
        var told = ToldEvents()
        #expect(told.note([1, 2]) == [1, 2])
        #expect(told.note([2, 3]) == [3])
        for id in 4..<20_000 { told.note([Int64(id)]) }
        #expect(told.newest == 19_999)
        #expect(told.note([19_999 - ToldEvents.overlap]).isEmpty)
    }

    private func event(_ kind: FleetEvent.Kind, _ occurrence: String) -> FleetEvent {
        FleetEvent(
            at: Timestamp(milliseconds: 0), cluster: "prod", kind: kind, severity: .info, sentence: "",
            occurrence: occurrence)
    }

    @Test func whatIsSaidOfOneThingInARowIsStoredOneAfterTheOther() {
        let events = [
            event(.memberDown, "a/m/1"), event(.memberDown, "b/m/1"), event(.leaderChanged, "c/1"),
            event(.memberUp, "a/m/2"), event(.memberDown, "a/m/3"),
        ]
        #expect(events.partsWithDistinctTopics.map(\.count) == [3, 1, 1])
        #expect(events[0].topic == "a/m")
    }
}
