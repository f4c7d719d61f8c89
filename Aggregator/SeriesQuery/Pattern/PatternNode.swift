/// A place between two scalars.
enum PatternAssertion: Hashable, Sendable {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary
}

/// A parsed pattern.
indirect enum PatternNode: Hashable, Sendable {
    case empty
    /// This scalar, case-sensitive.
    case scalar(UInt32)
    /// One scalar of the set.
    case set(ScalarSet)
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case alternation([PatternNode])
    /// `maximum` nil: any number.
    case repetition(PatternNode, minimum: Int, maximum: Int?, isGreedy: Bool)
    /// `index` nil: groups, captures nothing.
    case group(PatternNode, index: Int?)
}
