import Testing

@testable import HostCollectors

/// Waiting for a CPU, and being kept from it.
@Suite struct ProcessSchedulingTests {
    @Test func theSumOfThreadsGoesOnWhenAThreadEndsAndAnotherTakesItsNumber() throws {
        let host = try FakeHost([
            "proc/7/task/7/schedstat": "900 2000000000 5\n", "proc/7/task/8/schedstat": "900 500000000 5\n",
        ])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        #expect(scheduling.runDelay(&reader) == 0, "what was before does not count")
        try host.write("proc/7/task/7/schedstat", "900 2001000000 6\n")
        try host.remove("proc/7/task/8")
        #expect(scheduling.runDelay(&reader) == 0.001)
        try host.write("proc/7/task/8/schedstat", "1 10000000 1\n")
        #expect(scheduling.runDelay(&reader) == 0.011)
        try host.write("proc/7/task/7/schedstat", "1 4000000 1\n")
        #expect(scheduling.runDelay(&reader) == 0.015)
    }

    @Test func aProcessOfVeryManyThreadsIsNotReadToItsEnd() throws {
        let host = try FakeHost([:])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        for waited in ["0", "1000000"] {
            for thread in 1...(ProcessScheduling.threadLimit + 5) {
                try host.write("proc/7/task/\(thread)/schedstat", "1 \(waited) 1\n")
            }
            _ = scheduling.runDelay(&reader)
        }
        #expect(scheduling.runDelay(&reader) == Double(ProcessScheduling.threadLimit) / 1000)
    }

    @Test func aKernelThatDoesNotCountGivesNothing() throws {
        let host = try FakeHost(["proc/7/task/7/stat": ""])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        #expect(scheduling.runDelay(&reader) == nil)
    }

    @Test(arguments: [
        ("2:cpu,cpuacct:/etcd\n0::/\n", "cpu,cpuacct/etcd", "throttled_time 1500000000"),
        ("2:cpu,cpuacct:/pod/etcd\n0::/\n", "cpu,cpuacct/pod", "throttled_time 1500000000"),
        ("9:name=systemd:/\n1:cpu:/\n0::/x\n", "cpu", "throttled_time 1500000000"),
        ("0::/system.slice/etcd.service\n", "system.slice/etcd.service", "throttled_usec 1500000"),
        ("0::/system.slice/etcd.service\n", "system.slice", "throttled_usec 1500000"),
        ("1:memory:/m\n0::/e\n", "unified/e", "throttled_usec 1500000"),
    ]) func throttlingIsCountedInTheGroupsOfTheProcess(groups: String, folder: String, time: String) throws {
        let host = try FakeHost([
            "proc/7/cgroup": groups, "sys/fs/cgroup/\(folder)/cpu.stat": "nr_throttled 2\nthrottled_time 0\n",
        ])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        #expect(scheduling.throttled(&reader) == ProcessScheduling.Throttling())
        try host.write("sys/fs/cgroup/\(folder)/cpu.stat", "nr_periods 20\nnr_throttled 12\n\(time)\n")
        #expect(scheduling.throttled(&reader) == ProcessScheduling.Throttling(seconds: 1.5, periods: 10))
    }

    @Test func aProcessThatIsMovedDoesNotInheritWhatTheGroupHadSuffered() throws {
        let host = try FakeHost([
            "proc/7/cgroup": "1:cpu:/\n", "sys/fs/cgroup/cpu/cpu.stat": "nr_throttled 0\nthrottled_time 0\n",
            "sys/fs/cgroup/cpu/tight/cpu.stat": "nr_throttled 90\nthrottled_time 90000000000\n",
        ])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        #expect(scheduling.throttled(&reader)?.seconds == 0)
        try host.write("proc/7/cgroup", "1:cpu:/tight\n")
        #expect(scheduling.throttled(&reader)?.seconds == 0)
        try host.write("sys/fs/cgroup/cpu/tight/cpu.stat", "nr_throttled 91\nthrottled_time 90250000000\n")
        #expect(scheduling.throttled(&reader) == ProcessScheduling.Throttling(seconds: 0.25, periods: 1))
    }

    @Test func groupsWithoutAQuotasCountsAreAbsent() throws {
        let host = try FakeHost([
            "proc/7/cgroup": "0::/\n", "sys/fs/cgroup/cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\n",
        ])
        var reader = FileReader()
        var scheduling = ProcessScheduling(7, host.root)
        #expect(scheduling.throttled(&reader) == nil)
    }
}
