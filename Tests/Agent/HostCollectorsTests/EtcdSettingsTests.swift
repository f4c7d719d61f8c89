import Model
import TestSupport
import Testing

@testable import HostCollectors

/// What etcd was told, by its command line, environment and configuration file.
@Suite struct EtcdSettingsTests {
    private func settings(
        _ arguments: [String], _ environment: [String]? = [], file: String? = nil
    ) -> EtcdSettings {
        EtcdSettings(arguments: ["etcd"] + arguments, environment: environment) { path in
            path == "/etc/etcd.yaml" ? file : nil
        }
    }

    private func effective(_ settings: EtcdSettings, version: String? = "3.4.23") -> [String: String] {
        Dictionary(settings.effective(version: version).map { ($0.flag, $0.value) }) { $1 }
    }

    @Test(arguments: [
        ["--heartbeat-interval=250"], ["--heartbeat-interval", "250"], ["-heartbeat-interval", "250"],
        ["-heartbeat-interval=250"], ["--wal-dir", "", "--heartbeat-interval", "1", "--heartbeat-interval=250"],
        ["--pre-vote", "--heartbeat-interval=250"],
    ]) func aFlagIsReadHoweverItIsWritten(arguments: [String]) {
        #expect(effective(settings(arguments))["heartbeat-interval"] == "250")
    }

    @Test func whatIsNotSetHasTheDefaultOfTheVersion() {
        let old = effective(settings([]))
        #expect(old["election-timeout"] == "1000")
        #expect(old["quota-backend-bytes"] == "2147483648")
        #expect(old["auto-compaction-retention"] == "0")
        #expect(old["pre-vote"] == "false")
        #expect(old["wal-dir"] == "unset")
        #expect(old["listen-metrics-urls"] == "unset")
        #expect(effective(settings([]), version: "3.5.1")["pre-vote"] == "true")
        #expect(effective(settings([]), version: "3.6.0")["snapshot-count"] == "10000")
        let unknown = effective(settings([]), version: nil)
        #expect(unknown["pre-vote"] == nil)
        #expect(unknown["max-request-bytes"] == "1572864")
    }

    @Test func aFlagWinsOverItsVariable() {
        let both = settings(["--snapshot-count=5"], ["ETCD_SNAPSHOT_COUNT=7", "ETCD_PRE_VOTE=true", "ETCD_METRICS="])
        #expect(effective(both)["snapshot-count"] == "5")
        #expect(effective(both)["pre-vote"] == "true")
        #expect(effective(both)["metrics"] == "basic")
    }

    @Test func nothingIsSaidOfWhatCannotBeSeen() {
        #expect(effective(settings(["--snapshot-count=5"], nil)) == ["snapshot-count": "5"])
        #expect(effective(settings(["--config-file=/secret/etcd.yaml", "--snapshot-count=5"])).isEmpty)
        #expect(effective(settings(["--config-file=/etc/etcd.yaml"], file: "heartbeat-interval: [")).isEmpty)
    }

    @Test func aConfigurationFileMayBeJSON() {
        let json = #"{"name": "m1", "heartbeat-interval": 150}"#
        #expect(effective(settings(["--config-file=/etc/etcd.yaml"], file: json))["heartbeat-interval"] == "150")
    }

    @Test func aConfigurationFileReplacesFlagsAndVariables() {
        let file = """
            # etcd's own sample
            name: 'm1'
            heartbeat-interval: 200 # ms
            auto-compaction-retention: "1"
            client-transport-security:
              cert-file: /etc/etcd/server.crt
            peer-transport-security:
                cert-file: "/etc/etcd/peer.crt"
            log-outputs: [stderr]
            """
        let settings = settings(
            ["--config-file", "/etc/etcd.yaml", "--heartbeat-interval=9"], ["ETCD_METRICS=extensive"], file: file)
        #expect(effective(settings)["heartbeat-interval"] == "200")
        #expect(effective(settings)["auto-compaction-retention"] == "1h")
        #expect(effective(settings)["metrics"] == "basic")
        #expect(settings.given["cert-file"] == "/etc/etcd/server.crt")
        #expect(settings.given["peer-cert-file"] == "/etc/etcd/peer.crt")
    }

    @Test func aPasswordInAnAddressIsNotTold() {
        let urls = "--listen-metrics-urls=http://a:b@10.0.0.1:2381,http://10.0.0.2:2381"
        #expect(
            effective(settings([urls]))["listen-metrics-urls"] == "http://10.0.0.1:2381,http://10.0.0.2:2381")
    }

    @Test func seriesStandForTheProcessAndLeaveWithIt() throws {
        let host = try FakeHost(["proc/stat": "btime 1000\n"])
        try host.addEtcd(pid: 42, data: "/var/lib/etcd", start: 200)
        try host.write("proc/42/environ", "HOME=/root\0ETCD_HEARTBEAT_INTERVAL=300\0")
        let collecting = host.collecting([WatchedMember(name: "m1", dataDirectory: "/var/lib/etcd")])
        let series = #"etcd_monitor_member_flag{flag="heartbeat-interval",member="m1",value="300"}"#
        #expect(collecting.round()[series] == 1)
        #expect(collecting.round()[series] == 1)
        try host.remove("proc/42")
        #expect(collecting.round()[series] == nil)
    }

    @Test(.timeLimit(.minutes(1)), arguments: EtcdVersion.allCases.filter(\.isInstalled))
    func theSettingsOfARealMemberAreSeen(version: EtcdVersion) async throws {
        try await EtcdFixture.with(version, extraArguments: ["--snapshot-count=1234"]) { etcd in
            let member = etcd.members[0]
            let watched = WatchedMember(
                name: "m1", dataDirectory: member.dataDirectory, clientPort: member.clientPort)
            let collecting = Collecting(.system, [watched]) { _ in version.rawValue }
            let values = collecting.round()
            func flag(_ name: String, _ value: String) -> Double? {
                values[#"etcd_monitor_member_flag{flag="\#(name)",member="m1",value="\#(value)"}"#]
            }
            #expect(flag("snapshot-count", "1234") == 1)
            #expect(flag("heartbeat-interval", "50") == 1)
            #expect(flag("auto-compaction-retention", "0") == 1)
            #expect(flag("pre-vote", version == .v3_4_23 ? "false" : "true") == 1)
            #expect(values[#"etcd_monitor_process_run_delay_seconds_total{member="m1"}"#] ?? -1 >= 0)
            #expect(values[#"etcd_monitor_process_stopped{member="m1"}"#] == 0)
            etcd.freeze(0)
            defer { etcd.thaw(0) }
            // A signal takes its time to reach a thread that runs, and nothing tells when it has.
            while collecting.round()[#"etcd_monitor_process_stopped{member="m1"}"#] != 1 { await Task.yield() }
        }
    }
}
