/// A rule of the judge: one observation about one member that speaks for or against a culprit.
struct Indication: Sendable {
    /// For it if positive, against it if negative; 4 is nearly proof, 1 a hint.
    var weight: Int
    /// Why the rule holds.
    var source: String
    /// Whose chart shows it.
    var gauge: Gauge?
    /// What is seen, with numbers; nil if it is not.
    var seen: @Sendable (Scene, Scene.Member) -> String?

    init(
        _ weight: Int, _ gauge: Gauge?, source: String,
        seen: @escaping @Sendable (_ scene: Scene, _ member: Scene.Member) -> String?
    ) {
        self.weight = weight
        self.gauge = gauge
        self.source = source
        self.seen = seen
    }

    /// Told as a gauge is, if `isSeen`.
    init(
        _ weight: Int, _ gauge: Gauge, source: String,
        when isSeen: @escaping @Sendable (_ scene: Scene, _ member: Scene.Member) -> Bool
    ) {
        self.init(weight, gauge, source: source) { scene, member in
            isSeen(scene, member) ? scene.told(gauge, of: member) : nil
        }
    }
}

/// Where the rules come from.
enum Source {
    static let faq = "etcd FAQ: what does the warning “apply entries took too long” mean"
    static let hardware = "etcd documentation: hardware recommendations"
    static let tuning = "etcd documentation: tuning"
    static let matrix = "WAL fsync × own probe × device: who waits for whom"
    static let metrics = "etcd documentation: metrics"
    static let space = "etcd documentation: maintenance, space quota"
    static let kernel = "Linux: scheduler statistics and pressure stall information"
    static let kernelWrite = "etcd-io/etcd#17615"
    static let slowLeader = "a slow leader looks like a slow network to its followers"
}

/// All rules, by culprit.
enum Indications {
    static func of(_ culprit: Culprit) -> [Indication] {
        switch culprit {
        case .disk: disk
        case .cpu: cpu
        case .network: network
        case .load: load
        case .peer: peer
        case .configuration: configuration
        case .notSure: []
        }
    }
}
