internal import Model

/// One scrape target: what an agent says about it. Cluster and instance are the aggregator's to say.
public struct SourceDescriptor: Hashable, Sendable {
    /// What is scraped.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// An etcd member: job "etcd", instance "<node>:<port>".
        case etcd = 1
        /// A host: job "node", instance "<node>".
        case host = 2
        /// The agent itself: job "etcd-monitor-agent", instance "<node>".
        case agent = 3
        /// The aggregator's own series: ALERTS, recordings, its metrics. Never sent by an agent.
        case aggregator = 4
    }

    /// What is scraped.
    public var kind: Kind
    /// The name in the agent's configuration, such as the member's; at most 255 bytes.
    public var name: String
    /// The client port of an etcd member; 0 for everything else.
    public var port: UInt16
    /// Between two scrapes.
    public var interval: Duration

    /// A source; `interval` counts in whole milliseconds.
    public init(kind: Kind, name: String, port: UInt16 = 0, interval: Duration) {
        self.kind = kind
        self.name = name
        self.port = port
        self.interval = interval
    }
}

extension SourceDescriptor {
    func encode(into writer: inout ByteWriter) {
        writer.byte(kind.rawValue)
        writer.varint(UInt64(port))
        writer.varint(UInt64(clamping: interval.milliseconds))
        writer.text(name)
    }

    init(from reader: inout ByteReader) throws(CodecError) {
        let start = reader.at
        guard let kind = Kind(rawValue: try reader.byte()) else {
            throw CodecError(.unsupported, at: start, "a kind of source that is not known here")
        }
        let port = try reader.varint()
        let milliseconds = try reader.varint()
        guard port <= 0xffff, 1...86_400_000 ~= milliseconds else {
            throw CodecError(.malformed, at: start, "a port beyond 65535, or an interval outside 1 ms … 1 day")
        }
        let name = try reader.text(limit: 255)
        self.init(kind: kind, name: name, port: UInt16(port), interval: .milliseconds(Int64(milliseconds)))
    }
}
