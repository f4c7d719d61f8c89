/// How long to wait before the next attempt: doubling from `initial` to `maximum`, with jitter so that a fleet does not
/// come back in step.
public struct Backoff: Sendable {
    /// The longest first wait.
    public let initial: Duration
    /// The longest wait of all.
    public let maximum: Duration
    private var ceiling: Duration

    /// - Parameters:
    ///   - initial: greater than zero.
    ///   - maximum: at least `initial`.
    public init(initial: Duration, maximum: Duration) {
        precondition(initial > .zero && maximum >= initial, "a back-off grows from a positive wait")
        self.initial = initial
        self.maximum = maximum
        ceiling = initial
    }

    /// The next wait: between half of the current ceiling and all of it. The ceiling then doubles, up to `maximum`.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let wait = ceiling * Double.random(in: 0.5...1, using: &random)
        ceiling = min(ceiling * 2, maximum)
        return min(wait, maximum)
    }

    /// The next wait with the system's randomness.
    public mutating func next() -> Duration {
        var random = SystemRandomNumberGenerator()
        return next(using: &random)
    }

    /// Starts again from `initial`: the attempt succeeded.
    public mutating func reset() {
        ceiling = initial
    }
}
