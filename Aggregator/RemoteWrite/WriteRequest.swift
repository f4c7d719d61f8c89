internal import Model

/// `prometheus.WriteRequest` of remote-write 1.0, as far as it is kept: floats and metadata.
struct WriteRequest {
    /// A series and its samples, as they came.
    struct Series {
        var labels: Labels
        var samples: [Sample] = []
    }

    var series: [Series] = []
    var families: [MetricFamily] = []
    /// Native histograms, which are not stored.
    var histograms = 0

    /// How much one request may hold: beyond what bounded bytes already bound.
    struct Limits {
        var samples = 200_000
        var families = 20_000
        var labels = 64
        /// Bytes of a name, and of a value.
        var nameBytes = 1024
        var valueBytes = 4096
    }

    /// An empty request.
    init() {}
}

// MARK: - Reading

extension WriteRequest {
    /// Reads a message.
    init(decoding message: [UInt8], limits: Limits = Limits()) throws(RemoteWriteError) {
        // Not `withUnsafeBytes { throws }`: a closure forgets which error it throws.
        let result = message.withUnsafeBytes { bytes -> Result<WriteRequest, RemoteWriteError> in
            do throws(RemoteWriteError) {
                var request = WriteRequest()
                try request.read(ProtobufReader(bytes, 0..<bytes.count), limits)
                return .success(request)
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    private mutating func read(_ message: ProtobufReader, _ limits: Limits) throws(RemoteWriteError) {
        var message = message
        var count = 0
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (1, .bytes(let range)):
                let one = try Self.series(message.message(range), limits, histograms: &histograms)
                count += one.samples.count
                guard count <= limits.samples else {
                    throw RemoteWriteError(.tooLarge, "more than \(limits.samples) samples in one request")
                }
                if !one.samples.isEmpty { series.append(one) }
            case (3, .bytes(let range)):
                guard families.count < limits.families else {
                    throw RemoteWriteError(.tooLarge, "metadata of more than \(limits.families) metrics")
                }
                if let family = try Self.family(message.message(range), limits) { families.append(family) }
            default: break
            }
        }
    }

    private static func series(
        _ message: ProtobufReader, _ limits: Limits, histograms: inout Int
    ) throws(RemoteWriteError) -> Series {
        var message = message
        var labels: [Label] = []
        var samples: [Sample] = []
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (1, .bytes(let range)):
                guard labels.count < limits.labels else {
                    throw RemoteWriteError(.malformed, "a series with more than \(limits.labels) labels")
                }
                labels.append(try label(message.message(range), limits))
            case (2, .bytes(let range)): samples.append(try sample(message.message(range)))
            case (4, .bytes): histograms += 1
            default: break
            }
        }
        let set = Labels(labels)
        guard !set.metric.isEmpty else { throw RemoteWriteError(.malformed, "a series without a name: \(set)") }
        guard Set(labels.map(\.name)).count == labels.count else {
            throw RemoteWriteError(.malformed, "a label twice in one series: \(set)")
        }
        return Series(labels: set, samples: samples)
    }

    private static func label(_ message: ProtobufReader, _ limits: Limits) throws(RemoteWriteError) -> Label {
        var (name, value) = ("", "")
        var message = message
        while let (field, content) = try message.next() {
            switch (field, content) {
            case (1, .bytes(let range)): name = try text(message, range, limits.nameBytes)
            case (2, .bytes(let range)): value = try text(message, range, limits.valueBytes)
            default: break
            }
        }
        guard !name.isEmpty else { throw RemoteWriteError(.malformed, "a label without a name") }
        return Label(name, value)
    }

    private static func text(
        _ message: ProtobufReader, _ range: Range<Int>, _ limit: Int
    ) throws(RemoteWriteError) -> String {
        guard range.count <= limit else {
            throw RemoteWriteError(.malformed, "a label of \(range.count) bytes; the limit is \(limit)")
        }
        return try message.text(range)
    }

    private static func sample(_ message: ProtobufReader) throws(RemoteWriteError) -> Sample {
        var message = message
        var sample = Sample(Timestamp(milliseconds: 0), 0)
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (1, .fixed64(let bits)): sample.value = Double(bitPattern: bits)
            case (2, .varint(let milliseconds)):
                sample.timestamp = Timestamp(milliseconds: Int64(bitPattern: milliseconds))
            default: break
            }
        }
        return sample
    }

    private static func family(_ message: ProtobufReader, _ limits: Limits) throws(RemoteWriteError) -> MetricFamily? {
        var message = message
        var family = MetricFamily(name: "", type: .unknown, help: "")
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (1, .varint(let type)): family.type = MetricType(remoteWrite: type)
            case (2, .bytes(let range)): family.name = try text(message, range, limits.nameBytes)
            case (4, .bytes(let range)): family.help = try text(message, range, limits.valueBytes)
            default: break
            }
        }
        return family.name.isEmpty ? nil : family
    }
}

extension MetricType {
    /// `prometheus.MetricMetadata.MetricType`.
    fileprivate init(remoteWrite number: UInt64) {
        self =
            switch number {
            case 1: .counter
            // An info metric and a state set are gauges with a promise.
            case 2, 6, 7: .gauge
            case 3, 4: .histogram
            case 5: .summary
            default: .unknown
            }
    }

    fileprivate var remoteWriteNumber: UInt64 {
        switch self {
        case .unknown: 0
        case .counter: 1
        case .gauge: 2
        case .histogram: 3
        case .summary: 5
        }
    }
}

// MARK: - Writing

extension WriteRequest {
    /// The message.
    func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        for one in series {
            writer.message(1) { series in
                for label in one.labels {
                    series.message(1) {
                        $0.text(1, label.name)
                        $0.text(2, label.value)
                    }
                }
                for sample in one.samples {
                    series.message(2) {
                        $0.double(1, sample.value)
                        $0.varint(2, UInt64(bitPattern: sample.timestamp.milliseconds))
                    }
                }
            }
        }
        for family in families {
            writer.message(3) {
                $0.varint(1, family.type.remoteWriteNumber)
                $0.text(2, family.name)
                $0.text(4, family.help)
            }
        }
        return writer.bytes
    }
}

/// Writes a protobuf message; zeros and empty texts are left out, as proto3 says.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        append(field << 3)
        append(value)
    }

    mutating func double(_ field: UInt64, _ value: Double) {
        guard value.bitPattern != 0 else { return }
        append(field << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func text(_ field: UInt64, _ text: String) {
        guard !text.isEmpty else { return }
        append(field << 3 | 2)
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func message(_ field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        append(field << 3 | 2)
        append(UInt64(inner.bytes.count))
        bytes += inner.bytes
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
