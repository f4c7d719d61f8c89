import Testing

@testable import etcd_monitor_agent

@Suite struct MemoryTuningTests {
    private static let smaps = """
        55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1 /usr/bin/x
        Size:                  4 kB
        Anonymous:             0 kB
        VmFlags: rd mr mw me sd
        55d0c0001000-55d0c0003000 r-xp 00001000 fe:00 1 /usr/bin/x
        Rss:                   8 kB
        Anonymous:             0 kB
        55d0c0003000-55d0c0004000 r--p 00003000 fe:00 1 /usr/bin/x
        Anonymous:             4 kB
        55d0c0004000-55d0c0005000 rw-p 00004000 fe:00 1 /usr/bin/x
        Anonymous:             0 kB
        7f0000000000-7f0000001000 r--s 00000000 fe:00 2 /shared
        Anonymous:             0 kB
        7f0000002000-7f0000003000 r-xp 00000000 00:00 0 [vdso]
        Anonymous:             0 kB
        7f0000004000-7f0000005000 r--p 00000000 00:00 0
        Anonymous:             0 kB

        """

    @Test func onlyWhatCanBeReadAgainIsDropped() {
        #expect(
            CleanMapping.all(in: Array(Self.smaps.utf8)) == [
                CleanMapping(start: 0x55d0_c000_0000, length: 0x1000),
                CleanMapping(start: 0x55d0_c000_1000, length: 0x2000),
            ])
    }

    @Test func textThatEndsAnywhereDropsNothingMore() {
        let all = Array(Self.smaps.utf8)
        for end in all.indices { #expect(CleanMapping.all(in: Array(all[..<end])).count <= 2) }
    }

    @Test func theProcessGoesOnAfterItsPagesWereDropped() {
        let usage = ProcessUsage()
        MemoryTuning.release()
        let after = usage.memory(["VmRSS:", "RssAnon:"])
        #expect(after.count == 2 && after.allSatisfy { $0 > 0 })
        #expect(usage.cpuSeconds > 0)
    }
}
