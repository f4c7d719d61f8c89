internal import JSON

extension DeviceHealth {
    /// Asks `smartctl --json` about /dev/`device`; nil if it is not installed, not permitted, or the device has none.
    static func read(_ device: String) async -> DeviceHealth? {
        guard let program = ToolProcess.find("smartctl"),
            // A device that does not say how it is keeps nobody from being timed.
            let result = try? await ToolProcess.run(
                [program, "--json", "-H", "-A", "/dev/\(device)"], limit: .seconds(5))
        else { return nil }
        return DeviceHealth(smartctl: result.output)
    }

    /// Reads the output of `smartctl --json -H -A`: NVMe's `percentage_used`, and what ATA drives count down to 0.
    init?(smartctl output: [UInt8]) {
        guard let json = try? JSONValue(parsing: output) else { return nil }  // no report, no health
        isPassed = json["smart_status"]?["passed"]?.bool
        temperatureCelsius = json["temperature"]?["current"]?.double
        if let used = json["nvme_smart_health_information_log"]?["percentage_used"]?.double {
            wearPercent = used
        } else {
            // Media_Wearout_Indicator, SSD_Life_Left, Wear_Leveling_Count, Percent_Lifetime_Remain.
            let left = (json["ata_smart_attributes"]?["table"]?.array ?? []).first {
                [177, 202, 231, 233].contains($0["id"]?.int64 ?? 0)
            }
            wearPercent = left?["value"]?.double.map { 100 - $0 }
        }
        if isPassed == nil, wearPercent == nil { return nil }
    }
}
