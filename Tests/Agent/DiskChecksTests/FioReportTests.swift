import DurableFiles
import TestSupport
import Testing

@testable import DiskChecks

@Suite struct FioReportTests {
    /// Tests/Fixtures/fio, from Tests/Agent/DiskChecksTests/FioReportTests.swift.
    private func fixture(_ name: String) throws -> [UInt8] {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try AtomicFile.read("/\(here)/Fixtures/fio/\(name)")
    }

    private func code(of output: String) -> DiskCheckError.Code? {
        do throws(DiskCheckError) {
            _ = try FioReport(Array(output.utf8))
            return nil
        } catch {
            return error.code
        }
    }

    @Test func ofTwoJobsTheWorseCounts() throws {
        let report = try FioReport(try fixture("fio-3.33-two-jobs.json"))
        #expect(
            report.latencies
                == FsyncLatencies(
                    count: 455, p50: 329728e-9, p90: 468992e-9, p99: 1_220_608e-9, p999: 1_921_966e-9,
                    maximum: 1_921_966e-9))
        #expect(Int(report.syncsPerSecond) == Int(455.0 / 0.165 + 455.0 / 0.169))
    }

    @Test func warningsBeforeTheReportArePassedOver() throws {
        let report = try FioReport(Array("fio: this platform …\n".utf8) + fixture("fio-3.33-two-jobs.json"))
        #expect(report.latencies.count == 455)
    }

    @Test(arguments: [
        ("", DiskCheckError.Code.fioFailed),
        ("fio: failed", .fioFailed),
        ("{", .fioFailed),
        (#"{"fio version": "fio-3.1", "jobs": []}"#, .fioTooOld),
        (#"{"fio version": "fio-2.21", "jobs": []}"#, .fioTooOld),
        (#"{"fio version": "fio-3.33", "jobs": []}"#, .tooSlow),
        (#"{"fio version": "fio-3.33", "jobs": [{"error": 0, "sync": {"lat_ns": {"N": 0}}}]}"#, .tooSlow),
        (#"{"fio version": "fio-3.33", "jobs": [{"error": 28}]}"#, .noSpace),
        (#"{"fio version": "fio-3.33", "jobs": [{"error": 30}]}"#, .readOnly),
        (#"{"fio version": "fio-3.33", "jobs": [{"error": 13}]}"#, .denied),
        (#"{"fio version": "fio-3.33", "jobs": [{"error": 5}]}"#, .fioFailed),
    ]) func whatWentWrongIsTold(output: String, expected: DiskCheckError.Code) {
        #expect(code(of: output) == expected)
    }

    @Test func thePublishedJobIsThePublishedJob() {
        let arguments = FioProfile.etcd.arguments(directory: "/d", jobs: 1)
        for argument in [
            "--rw=write", "--ioengine=sync", "--fdatasync=1", "--size=23068672", "--bs=2300", "--directory=/d",
        ] {
            #expect(arguments.contains(argument))
        }
        #expect(!arguments.contains("--time_based=1"))
        #expect(FioProfile.kubernetes.arguments(directory: "/d", jobs: 2).contains("--bs=8000"))
    }
}

@Suite struct DeviceHealthTests {
    @Test func nvmeTellsWhatIsUsed() throws {
        let health = try #require(
            DeviceHealth(
                smartctl: Array(
                    #"{"smart_status":{"passed":true},"nvme_smart_health_information_log":{"percentage_used":7},"temperature":{"current":41}}"#
                        .utf8)))
        #expect(health.wearPercent == 7)
        #expect(health.isPassed == true)
        #expect(health.temperatureCelsius == 41)
    }

    @Test func ataCountsDown() throws {
        let health = try #require(
            DeviceHealth(
                smartctl: Array(
                    #"{"smart_status":{"passed":false},"ata_smart_attributes":{"table":[{"id":9,"value":50},{"id":177,"value":12}]}}"#
                        .utf8)))
        #expect(health.wearPercent == 88)
        #expect(health.isPassed == false)
    }

    @Test(arguments: ["", "[]", "{}", #"{"smartctl":{"exit_status":2}}"#])
    func whatSaysNothingIsNothing(output: String) {
        #expect(DeviceHealth(smartctl: Array(output.utf8)) == nil)
    }
}
