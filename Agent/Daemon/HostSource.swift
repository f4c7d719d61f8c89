internal import AsyncSupport
internal import HostCollectors
internal import Logging
internal import Model

/// The host. Reads files that may block (a dead disk, a dead mount), so it has a thread of its own.
actor HostSource: ScrapeSource {
    nonisolated let number: Int
    private let executor = BlockingExecutor(label: "host")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var collectors: HostCollectors
    private var board = SampleBoard()
    private var up: Int?
    private var duration: Int?
    private var failures: [String: HostError] = [:]
    private let logger: Logger

    init(number: Int, collectors: HostCollectors, logger: Logger) {
        self.number = number
        self.collectors = collectors
        self.logger = logger
    }

    func scrape(at timestamp: Timestamp) async -> Scrape {
        let clock = ContinuousClock()
        let started = clock.now
        board.begin()
        collectors.collect(into: &board)
        log(collectors.failures)
        // Whole milliseconds, like the collectors' own: else it is one more fraction in every frame.
        let seconds = ((clock.now - started).fractionalSeconds * 1000).rounded() / 1000
        ScrapeVerdict.set(isUp: true, seconds: seconds, up: &up, duration: &duration, in: &board)
        board.end()
        return Scrape(source: number, timestamp: timestamp, board: board, state: nil)
    }

    /// Says once what cannot be read.
    private func log(_ current: [String: HostError]) {
        for (collector, error) in current where failures[collector]?.code != error.code {
            let level: Logger.Level = error.code == .absent ? .info : .warning
            logger.log(
                level: level, "a part of the host cannot be read",
                metadata: ["collector": "\(collector)", "reason": "\(error)"])
        }
        failures = current
    }
}
