internal import Dispatch
internal import Glibc

/// Signals of the process as a stream of their numbers. While it exists, they do nothing else.
public final class ProcessSignals: Sendable {
    /// Signals in the order of their arrival.
    public let signals: AsyncStream<Int32>
    // `nonisolated(unsafe)`: written once here, and only released in `deinit`; dispatch sources may be cancelled anywhere.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    /// Takes over `numbers`, such as SIGTERM; they count from when this returns.
    public init(_ numbers: [Int32]) {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(8))
        signals = stream
        self.numbers = numbers
        let queue = DispatchQueue(label: "signals")
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            // Until dispatch has registered the source, the signal would be lost. Takes microseconds.
            let registered = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { registered.signal() }
            source.resume()
            registered.wait()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }
}

/// SIGTERM and SIGINT: the wish that the program ends.
public struct ShutdownSignal: Sendable {
    private let taken: ProcessSignals

    /// From now on the two signals do nothing but end `wait()`.
    public init() {
        taken = ProcessSignals([SIGTERM, SIGINT])
    }

    /// Waits for the first of them and returns its number; nil if the task was cancelled.
    public func wait() async -> Int32? {
        for await number in taken.signals { return number }
        return nil
    }
}
