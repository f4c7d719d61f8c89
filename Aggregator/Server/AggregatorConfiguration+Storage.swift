import ConfigurationFile
import RemoteWrite
import SeriesStore

extension AggregatorConfiguration {
    /// As the store takes them.
    var storeOptions: SeriesStore.Options {
        var options = storage
        options.retention = retention
        options.forwardingHold = remoteWrite.maximumAge
        // What left memory has to be in the table until its slot became blocks.
        options.recentAge = min(options.recentAge, max(.seconds(60), options.batchSlot * 3 / 2))
        return options
    }
}

extension SeriesStore.Options {
    /// Reads the section `storage`.
    mutating func read(_ root: inout MappingReader) {
        guard var section = root.mapping("storage") else { return }
        recentBytes = section.bytes("memory", default: recentBytes, in: 16 << 20...1 << 40)
        batchSlot = section.duration("slot", default: batchSlot, in: .seconds(10) ... .seconds(3600))
        blockWindow =
            section.value("window", "a time from 1m to 24h of which a day is a multiple, such as 6h") {
                guard let window = $0.text.flatMap(ScalarText.duration),
                    (60...86_400).contains(window.components.seconds),
                    window.components.attoseconds == 0, 86_400 % window.components.seconds == 0
                else { return nil }
                return window
            } ?? blockWindow
        rollupRetention = section.duration(
            "rollups", default: rollupRetention, in: .seconds(86_400) ... .seconds(36_500 * 86_400))
        let limit = section.bytes("limit", default: 0, in: 0...1 << 60)
        limitBytes = limit > 0 ? Int64(limit) : nil
        section.finish()
    }
}
