internal import Model

/// Which interfaces carry the host's own traffic.
///
/// A physical one has a `device`; bonds and VLANs stand on physical ones and carry the addresses. Bridges and the
/// hosts' ends of containers (a Kubernetes node has hundreds) repeat that traffic and are left out. Where there is no
/// physical one (inside a container), all but loopback count.
struct Interfaces {
    private let folder: String
    private var isReal: [String: Bool] = [:]

    init(_ root: HostRoot) {
        folder = root.sys + "/class/net"
    }

    /// Whether `name` is physical, or a bond or VLAN.
    mutating func isReal(_ name: String, _ reader: inout FileReader) -> Bool {
        if let known = isReal[name] { return known }
        // A host's interfaces come and go by the thousand where containers do; what is remembered has a bound.
        if isReal.count > 4096 { isReal.removeAll() }
        let real =
            exists("\(folder)/\(name)/device") || exists("\(folder)/\(name)/bonding")
            || Self.isVLAN("\(folder)/\(name)/uevent", &reader)
        isReal[name] = real
        return real
    }

    /// The real ones of `names`, or all but loopback if there is none.
    mutating func chosen(from names: [String], _ reader: inout FileReader) -> [String] {
        let real = names.filter { isReal($0, &reader) }
        return real.isEmpty ? names.filter { $0 != "lo" } : real
    }

    private static func isVLAN(_ path: String, _ reader: inout FileReader) -> Bool {
        guard var text = try? reader.read(path) else { return false }  // no uevent: not a VLAN
        while !text.isAtEnd {
            if text.restOfLine() == "DEVTYPE=vlan" { return true }
        }
        return false
    }
}

/// `/proc/net/dev`: bytes, packets, errors by interface.
struct NetworkCollector: Collector {
    let name = "netdev"
    private let path: String
    private var interfaces: Interfaces
    private var group = SeriesGroup(
        ["receive", "transmit"].flatMap { direction in
            (direction == "receive" ? Self.receive : Self.transmit).map { word in
                Metric(
                    "node_network_\(direction)_\(word)_total", .counter,
                    "Network device statistic \(direction)_\(word).")
            }
        })
    private static let receive = [
        "bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast",
    ]
    private static let transmit = [
        "bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed",
    ]

    init(_ root: HostRoot) {
        path = root.proc + "/net/dev"
        interfaces = Interfaces(root)
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        text.nextLine()
        text.nextLine()
        var rows: [(device: String, values: [Double?])] = []
        while !text.isAtEnd {
            if let device = text.word(upTo: 0x3a) {
                var values: [Double?] = []
                values.reserveCapacity(16)
                for _ in 0..<16 { values.append(text.number()) }
                rows.append((device, values))
            }
            text.nextLine()
        }
        let chosen = interfaces.chosen(from: rows.map(\.device), &reader)
        for row in rows where chosen.contains(row.device) {
            group.set(row.values, for: row.device, labels: [Label("device", row.device)], in: &board)
        }
    }
}

/// `/sys/class/net/<interface>`: state, speed and link changes.
struct InterfaceCollector: Collector {
    let name = "netclass"
    private let folder: String
    private var interfaces: Interfaces
    private var group = SeriesGroup([
        Metric("node_network_up", .gauge, "Value is 1 if operstate is 'up', 0 otherwise."),
        Metric("node_network_carrier", .gauge, "Network device property: carrier"),
        Metric(
            "node_network_carrier_changes_total", .counter, "Network device property: carrier_changes_total"),
        Metric("node_network_mtu_bytes", .gauge, "Network device property: mtu_bytes"),
        Metric("node_network_speed_bytes", .gauge, "Network device property: speed_bytes"),
    ])

    init(_ root: HostRoot) {
        folder = root.sys + "/class/net"
        interfaces = Interfaces(root)
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        for device in interfaces.chosen(from: try namesInDirectory(folder), &reader) {
            let path = "\(folder)/\(device)"
            // An interface may go while we look, and some drivers answer EINVAL while the link is down: then it is unset.
            let state = try? reader.line(path + "/operstate")
            let values = [
                state.map { $0 == "up" ? 1.0 : 0.0 }, reader.numberIfAny(path + "/carrier"),
                reader.numberIfAny(path + "/carrier_changes"), reader.numberIfAny(path + "/mtu"),
                reader.numberIfAny(path + "/speed").map { $0 * 125_000 },
            ]
            group.set(values, for: device, labels: [Label("device", device)], in: &board)
        }
    }
}

/// `/proc/net/snmp` and `/proc/net/netstat`: TCP as a whole, retransmissions above all.
struct NetstatCollector: Collector {
    let name = "netstat"
    private let folder: String
    private var numbers: [String: Int] = [:]

    private static let wanted: Set<String> = [
        "Tcp_ActiveOpens", "Tcp_CurrEstab", "Tcp_InErrs", "Tcp_InSegs", "Tcp_OutRsts", "Tcp_OutSegs",
        "Tcp_PassiveOpens", "Tcp_RetransSegs", "TcpExt_ListenDrops", "TcpExt_ListenOverflows",
        "TcpExt_SyncookiesFailed", "TcpExt_SyncookiesRecv", "TcpExt_SyncookiesSent", "TcpExt_TCPSynRetrans",
        "TcpExt_TCPTimeouts", "IpExt_InOctets", "IpExt_OutOctets",
    ]
    private static let protocols: Set<String> = ["Tcp", "TcpExt", "IpExt"]

    init(_ root: HostRoot) {
        folder = root.proc + "/net"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        try collect("snmp", &reader, &board)
        try collect("netstat", &reader, &board)
    }

    /// Lines come in pairs: the names, then the values, each after `Protocol:`.
    private mutating func collect(
        _ file: String, _ reader: inout FileReader, _ board: inout SampleBoard
    ) throws(HostError) {
        var names = try reader.read("\(folder)/\(file)")
        while let label = names.word(upTo: 0x3a) {
            var values = names
            values.nextLine()
            guard Self.protocols.contains(label), values.word(upTo: 0x3a) == label else {
                names = values
                names.nextLine()
                continue
            }
            while let name = names.word(), let value = values.number() {
                let full = "\(label)_\(name)"
                guard Self.wanted.contains(full) else { continue }
                board.set(number(of: full, help: "Statistic \(label)\(name).", in: &board), to: value)
            }
            names = values
            names.nextLine()
        }
    }

    private mutating func number(of name: String, help: String, in board: inout SampleBoard) -> Int {
        if let known = numbers[name] { return known }
        let metric = "node_netstat_" + name
        let number = board.number(of: Labels(metric: metric), family: board.family(metric, .unknown, help: help))
        numbers[name] = number
        return number
    }
}
