internal import Cryptography
public import Model

/// The series of one source in order, with TYPE and HELP. Append-only: a layout that grows names its parent and what
/// it adds, so that churn resends nothing.
public struct Layout: Sendable {
    /// One series: its labels with `__name__`, without identity labels, and its family's index.
    public struct Series: Hashable, Sendable {
        /// With `__name__`.
        public var labels: Labels
        /// Index into `families`.
        public var family: Int

        /// A series of family number `family`.
        public init(labels: Labels, family: Int) {
            self.labels = labels
            self.family = family
        }
    }

    /// What names this layout.
    public private(set) var hash: LayoutHash
    /// By first appearance.
    public private(set) var families: [MetricFamily]
    /// By first appearance; a frame names a series by its index here.
    public private(set) var series: [Series]

    /// The layout without series, parent of every first layout.
    public init() {
        hash = .none
        families = []
        series = []
    }

    /// How many families and series there are.
    public var size: LayoutSize { LayoutSize(families: families.count, series: series.count) }

    /// Grows by `additions`.
    ///
    /// - Throws: `.contradiction` if they belong to another parent.
    public mutating func append(_ additions: LayoutAdditions) throws(CodecError) {
        guard additions.parent == hash, additions.parentSize == size else {
            throw CodecError(.contradiction, "additions to another layout")
        }
        families += additions.families
        series += additions.series
        hash = additions.hash
    }
}

/// How many families and series a layout has: all that is needed to check what builds on it.
public struct LayoutSize: Hashable, Sendable {
    /// Families.
    public var families: Int
    /// Series.
    public var series: Int

    /// A size.
    public init(families: Int, series: Int) {
        self.families = families
        self.series = series
    }
}

/// What a layout has beyond its parent; the whole of it if the parent is `LayoutHash.none`.
public struct LayoutAdditions: Sendable {
    /// What is added to.
    public let parent: LayoutHash
    /// How much the parent has.
    public let parentSize: LayoutSize
    /// New families.
    public let families: [MetricFamily]
    /// New series; their `family` counts the parent's families too.
    public let series: [Layout.Series]
    /// The bytes of parent, sizes, families and series, as sent and as hashed; `LayoutAdditions(decoding:)` reads them.
    public let encoded: [UInt8]
    /// SHA-256 of `encoded`: the name of the grown layout.
    public let hash: LayoutHash

    /// The size of the grown layout.
    public var size: LayoutSize {
        LayoutSize(families: parentSize.families + families.count, series: parentSize.series + series.count)
    }

    /// What is added to `parent`, which has `parentSize`.
    public init(
        parent: LayoutHash = .none, parentSize: LayoutSize = LayoutSize(families: 0, series: 0),
        families: [MetricFamily], series: [Layout.Series]
    ) {
        var writer = ByteWriter()
        Self.encode(parent, parentSize, families, series, into: &writer)
        self.init(parent, parentSize, families, series, encoded: writer.bytes)
    }

    /// Reads `encoded` bytes, such as those kept in a table.
    public init(decoding encoded: [UInt8], limits: CodecLimits = CodecLimits()) throws(CodecError) {
        self = try encoded.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            return try LayoutAdditions(bytes, 0..<bytes.count, limits: limits)
        }
    }

    init(
        _ parent: LayoutHash, _ parentSize: LayoutSize, _ families: [MetricFamily], _ series: [Layout.Series],
        encoded: [UInt8]
    ) {
        guard let hash = LayoutHash(bytes: SHA256.digest(encoded)) else { preconditionFailure("SHA-256 is 32 bytes") }
        self.parent = parent
        self.parentSize = parentSize
        self.families = families
        self.series = series
        self.encoded = encoded
        self.hash = hash
    }
}
