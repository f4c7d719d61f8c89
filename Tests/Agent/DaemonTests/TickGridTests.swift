import AgentProtocol
import EtcdClient
import Model
import Testing

@testable import etcd_monitor_agent

@Suite struct TickGridTests {
    private func grid(_ seconds: Int, _ byte: UInt8 = 7) throws -> TickGrid {
        TickGrid(interval: .seconds(seconds), agent: try #require(AgentID(bytes: Array(repeating: byte, count: 16))))
    }

    @Test func ticksStandOneIntervalApartAndNeverBeforeNow() throws {
        let grid = try grid(5)
        var now = Timestamp(milliseconds: 1_800_000_000_123)
        for _ in 0..<100 {
            let tick = grid.next(from: now)
            #expect(tick >= now)
            #expect(tick - now < .seconds(5))
            #expect((tick - now).milliseconds == 0 || (tick.milliseconds - grid.phase.milliseconds) % 5000 == 0)
            now = Timestamp(milliseconds: tick.milliseconds + 1)
        }
    }

    @Test func aTickIsItsOwnNext() throws {
        let grid = try grid(5)
        let tick = grid.next(from: Timestamp(milliseconds: 1_800_000_000_000))
        #expect(grid.next(from: tick) == tick)
    }

    @Test func agentsHaveDifferentPhasesAndKeepThem() throws {
        let phases = try (0..<64).map { try grid(5, $0).phase }
        #expect(Set(phases).count > 48)
        #expect(phases.allSatisfy { $0 >= .zero && $0 < .seconds(5) })
        #expect(try grid(5, 3).phase == grid(5, 3).phase)
    }

    @Test func aTickIsHandedOverBeforeTheNextOne() throws {
        let grid = try grid(5)
        let tick = grid.next(from: Timestamp(milliseconds: 1_800_000_000_000))
        #expect(grid.patience(at: tick) == .milliseconds(500))
        #expect(grid.patience(at: tick - .milliseconds(100)) == .milliseconds(50))
    }
}
