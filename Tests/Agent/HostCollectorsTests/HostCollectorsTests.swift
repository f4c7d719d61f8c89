import Glibc
import Model
import TestSupport
import Testing

@testable import HostCollectors

/// Collectors against folders that look like /proc and /sys.
@Suite struct HostCollectorsTests {
    @Test func secondsOfEachProcessorComeFromTicks() throws {
        let host = try FakeHost([
            "proc/stat": """
            cpu  300 0 0 0 0 0 0 0 0 0
            cpu0 100 2 30 4000 5 6 7 8 9 10
            cpu1 200 0 0 0 0 0 0 0 0 0
            intr 595002 0 3 0
            ctxt 1048141
            btime 1795525784
            processes 23067
            procs_running 2
            procs_blocked 1

            """
        ])
        let values = host.collect()
        #expect(values[#"node_cpu_seconds_total{cpu="0",mode="user"}"#] == 1)
        #expect(values[#"node_cpu_seconds_total{cpu="0",mode="idle"}"#] == 40)
        #expect(values[#"node_cpu_seconds_total{cpu="0",mode="steal"}"#] == 0.08)
        #expect(values[#"node_cpu_guest_seconds_total{cpu="0",mode="nice"}"#] == 0.1)
        #expect(values[#"node_cpu_seconds_total{cpu="1",mode="user"}"#] == 2)
        #expect(values["node_intr_total"] == 595_002)
        #expect(values["node_boot_time_seconds"] == 1_795_525_784)
        #expect(values["node_procs_blocked"] == 1)
        #expect(values[#"node_scrape_collector_success{collector="cpu"}"#] == 1)
    }

    @Test func aCollectorFailsAlone() throws {
        let host = try FakeHost(["proc/loadavg": "0.85 0.75 0.57 2/200 9\n", "proc/meminfo": "nonsense"])
        let values = host.collect()
        #expect(values["node_load15"] == 0.57)
        #expect(values[#"node_scrape_collector_success{collector="loadavg"}"#] == 1)
        #expect(values[#"node_scrape_collector_success{collector="meminfo"}"#] == 0)
        #expect(values[#"node_scrape_collector_success{collector="cpu"}"#] == 0)
        #expect(values[#"node_scrape_collector_success{collector="uname"}"#] == 1)
    }

    @Test func memoryFieldsAreNamedAsNodeExporterNamesThem() throws {
        let host = try FakeHost([
            "proc/meminfo": "MemTotal:       24683 kB\nActive(anon):     12 kB\nHugePages_Free:    7\n"
        ])
        let values = host.collect()
        #expect(values["node_memory_MemTotal_bytes"] == Double(24683 * 1024))
        #expect(values["node_memory_Active_anon_bytes"] == 12_288)
        #expect(values["node_memory_HugePages_Free"] == 7)
    }

    @Test func pressureIsInSeconds() throws {
        let lines =
            "some avg10=8.37 avg60=2.89 avg300=6.26 total=85932632\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4\n"
        let host = try FakeHost([
            "proc/pressure/cpu": lines, "proc/pressure/io": lines, "proc/pressure/memory": lines,
        ])
        let values = host.collect()
        #expect(values["node_pressure_cpu_waiting_seconds_total"] == 85.932632)
        #expect(values["node_pressure_io_stalled_seconds_total"] == 0.000004)
    }

    /// Data on LVM on md on two partitions, WAL on a disk of its own: the disks at the bottom are the ones to watch.
    @Test func disksAreFoundThroughPartitionsMappersAndRaid() throws {
        let host = try FakeHost([
            "proc/1/mountinfo": """
            27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
            30 27 252:0 / /var/lib/etcd rw,noatime shared:5 - xfs /dev/mapper/vg-etcd rw
            31 30 259:1 / /var/lib/etcd/wal\\040disk ro - ext4 /dev/nvme0n1p1 rw

            """,
            "proc/diskstats": ["sda", "sda1", "sdb", "sdc", "nvme0n1", "nvme0n1p1", "md0", "dm-0", "loop0"]
                .enumerated().map { "8 \($0.offset) \($0.element) 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n" }
                .joined(),
        ])
        for (name, path, number) in [
            ("sda", "pci/sda", "8:0"), ("sdb", "pci/sdb", "8:16"), ("sdc", "pci/sdc", "8:32"),
            ("nvme0n1", "pci/nvme0n1", "259:0"),
        ] {
            try host.addBlock(name, at: path, number)
            try host.write("sys/devices/\(path)/device", "")
        }
        for (name, path, number) in [
            ("sda1", "pci/sda/sda1", "8:1"), ("sdb1", "pci/sdb/sdb1", "8:17"), ("sdc1", "pci/sdc/sdc1", "8:33"),
            ("nvme0n1p1", "pci/nvme0n1/nvme0n1p1", "259:1"),
        ] {
            try host.addBlock(name, at: path, number)
            try host.write("sys/devices/\(path)/partition", "1\n")
        }
        try host.addBlock("md0", at: "virtual/block/md0", "9:0", on: ["sdb1", "sdc1"])
        try host.addBlock("dm-0", at: "virtual/block/dm-0", "252:0", on: ["md0"])
        try host.addBlock("loop0", at: "virtual/block/loop0", "7:0")
        let values = host.collect([
            WatchedMember(name: "m1", dataDirectory: "/var/lib/etcd", walDirectory: "/var/lib/etcd/wal disk/wal")
        ])
        let roles = values.keys.filter { $0.hasPrefix("etcd_monitor_disk_role") }.sorted()
        #expect(
            roles == [
                #"etcd_monitor_disk_role{device="nvme0n1",role="wal"}"#,
                #"etcd_monitor_disk_role{device="sdb",role="data"}"#,
                #"etcd_monitor_disk_role{device="sdc",role="data"}"#,
            ])
        let devices = Set(values.keys.filter { $0.hasPrefix("node_disk_reads_completed_total") })
        let expected = ["sda", "sdb", "sdc", "nvme0n1", "nvme0n1p1", "md0", "dm-0"]
        #expect(devices == Set(expected.map { "node_disk_reads_completed_total{device=\"\($0)\"}" }))
        #expect(values[#"node_disk_written_bytes_total{device="sdb"}"#] == 3584)
        #expect(values[#"node_disk_flush_requests_time_seconds_total{device="sdb"}"#] == 0.017)
    }

    @Test func theKernelsOfOldGiveFewerFieldsAndNoMore() throws {
        let host = try FakeHost([
            "proc/1/mountinfo": "27 1 8:0 / / rw - ext4 /dev/sda rw\n",
            "proc/diskstats": "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n",
        ])
        try host.addBlock("sda", at: "pci/sda", "8:0")
        try host.write("sys/devices/pci/sda/device", "")
        let values = host.collect()
        #expect(values[#"node_disk_io_time_weighted_seconds_total{device="sda"}"#] == 0.011)
        #expect(values[#"node_disk_flush_requests_total{device="sda"}"#] == nil)
    }

    @Test func onlyTheHostsOwnInterfacesAreCounted() throws {
        let line = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        let host = try FakeHost([
            "proc/net/dev": "a\nb\n" + ["lo", "eth0", "veth12ab", "bond0", "br0"].map { "  \($0):\(line)" }.joined(),
            "sys/class/net/lo/uevent": "", "sys/class/net/eth0/device": "", "sys/class/net/eth0/operstate": "up\n",
            "sys/class/net/eth0/speed": "10000\n", "sys/class/net/veth12ab/uevent": "DEVTYPE=veth\n",
            "sys/class/net/bond0/bonding/mode": "", "sys/class/net/br0/uevent": "DEVTYPE=bridge\n",
        ])
        let values = host.collect()
        let received = values.keys.filter { $0.hasPrefix("node_network_receive_bytes_total") }.sorted()
        #expect(
            received == [
                #"node_network_receive_bytes_total{device="bond0"}"#,
                #"node_network_receive_bytes_total{device="eth0"}"#,
            ])
        #expect(values[#"node_network_transmit_carrier_total{device="eth0"}"#] == 15)
        #expect(values[#"node_network_up{device="eth0"}"#] == 1)
        #expect(values[#"node_network_speed_bytes{device="eth0"}"#] == 1.25e9)
        #expect(values[#"node_network_carrier{device="eth0"}"#] == nil)
    }

    @Test func anEtcdProcessIsFoundMeasuredAndItsRestartCounted() throws {
        let host = try FakeHost(["proc/stat": "btime 1000\n"])
        try host.addEtcd(pid: 17, data: "/var/lib/other", start: 100)
        try host.addEtcd(pid: 42, data: "/var/lib/etcd", start: 200)
        let collecting = host.collecting([WatchedMember(name: "m1", dataDirectory: "/var/lib/etcd")])
        var values = collecting.round()
        #expect(values[#"etcd_monitor_process_found{member="m1"}"#] == 1)
        #expect(values[#"etcd_monitor_process_start_time_seconds{member="m1"}"#] == 1002)
        #expect(values[#"etcd_monitor_process_cpu_seconds_total{member="m1",mode="system"}"#] == 0.15)
        #expect(values[#"etcd_monitor_process_max_fds{member="m1"}"#] == 65536)
        #expect(values[#"etcd_monitor_process_open_fds{member="m1"}"#] == 2)
        #expect(values[#"etcd_monitor_process_io_write_bytes_total{member="m1"}"#] == 8192)
        #expect(values[#"etcd_monitor_process_restarts_total{member="m1"}"#] == 0)

        try host.remove("proc/42")
        values = collecting.round()
        #expect(values[#"etcd_monitor_process_found{member="m1"}"#] == 0)
        #expect(values[#"etcd_monitor_process_threads{member="m1"}"#] == nil, "a series that left is stale")

        try host.addEtcd(pid: 43, data: "/var/lib/etcd", start: 900)
        _ = collecting.round()
        values = collecting.round()
        #expect(values[#"etcd_monitor_process_found{member="m1"}"#] == 1)
        #expect(values[#"etcd_monitor_process_restarts_total{member="m1"}"#] == 1)
    }

    @Test func ofTwoProcessesTheOneThatListensOnTheClientPortIsTheMembers() throws {
        let host = try FakeHost([
            "proc/stat": "btime 1000\n",
            "proc/net/tcp": """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5151 1 0 100 0 0 10 0

            """,
        ])
        try host.addEtcd(pid: 17, data: nil, start: 100)
        try host.addEtcd(pid: 42, data: nil, start: 200)
        try host.link("proc/42/fd/9", to: "socket:[5151]")
        let values = host.collect([
            WatchedMember(name: "m1", dataDirectory: "/var/lib/etcd", clientPort: 2379)
        ])
        #expect(values[#"etcd_monitor_process_start_time_seconds{member="m1"}"#] == 1002)
    }

    @Test(
        arguments: [
            ("etcd\0--name\0m1\0--data-dir\0/a b\0", "/a b"), ("etcd\0--data-dir=/x\0", "/x"),
            ("etcd\0-data-dir=/x\0", "/x"), ("etcd\0--data-dir\0default.etcd\0", nil), ("etcd\0--data-dir", nil),
            ("", nil),
        ] as [(String, String?)]) func theDataDirectoryIsReadFromTheCommandLine(line: String, directory: String?)
    {
        #expect(EtcdProcessFinder.dataDirectory(in: line) == directory)
    }

    @Test func aFieldlessStatusOfAProcessIsRefused() throws {
        for text in ["", "1", "1 (etcd", "1 (etcd) S 1 2", "1 (a) b) S 1 x y"] {
            let host = try FakeHost(["proc/7/stat": text])
            var reader = FileReader()
            #expect(throws: HostError.self) { try ProcessStatus(7, host.root, &reader) }
        }
    }

    @Test func numbersAreReadAsTheyStand() {
        var text = TextScanner("  12 0.5 -3 18446744073709551615 x 7\n8")
        #expect(text.number() == 12)
        #expect(text.number() == 0.5)
        #expect(text.number() == -3)
        #expect(text.number() == 18_446_744_073_709_551_616)
        #expect(text.number() == nil)
        #expect(text.number() == 7)
        #expect(text.number() == nil)
        text.nextLine()
        #expect(text.number() == 8)
        #expect(text.isAtEnd)
    }
}
