/// What a value is in a keyframe, which decides where and how a frame after it writes that series.
enum ValueClass {
    /// A whole number other than 0, exact in a Double: counters and gauges that moved. Frames write differences.
    case whole
    /// +0: most of etcd's series, which hardly ever change.
    case zero
    /// Everything else: sums of seconds, ratios, NaN, infinities, −0, the staleness marker.
    case fraction

    init(_ value: Double) {
        self = value.bitPattern == 0 ? .zero : value.isWhole ? .whole : .fraction
    }
}

extension Double {
    /// Whether the value is a whole number that Int64 and Double both hold exactly; −0 is not.
    package var isWhole: Bool {
        magnitude < 0x1p53 && self == rounded(.towardZero) && bitPattern != 0x8000_0000_0000_0000
    }

    /// The whole number; 0 for a value that is none.
    var wholeOrZero: Int64 { isWhole ? Int64(self) : 0 }
}
