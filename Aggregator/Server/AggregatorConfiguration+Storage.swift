import SeriesStore

extension AggregatorConfiguration {
    /// As the store takes them.
    var storeOptions: SeriesStore.Options {
        var options = SeriesStore.Options()
        options.retention = retention
        options.recentBytes = storage.memory
        options.batchSlot = storage.slot
        // What left memory has to be in the table until its slot became blocks.
        options.recentAge = min(options.recentAge, max(.seconds(60), storage.slot * 3 / 2))
        options.blockWindow = storage.window
        options.limitBytes = storage.limit.map(Int64.init)
        return options
    }
}
