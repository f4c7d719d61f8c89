internal import Model

/// Weighs every culprit at every member and tells the likeliest. Pure.
enum Judge {
    /// An explanation with what speaks for and against it.
    struct Case: Sendable {
        var culprit: Culprit
        var member: Scene.Member
        var evidence: [Evidence]
        var against: [Evidence]

        /// Strength for it less strength against it.
        var score: Int { evidence.total - against.total }
    }

    /// What a culprit must score, and by how much it must lead, to be believed so far.
    private static let standards: [(confidence: Confidence, score: Int, lead: Int)] = [
        (.high, 7, 3), (.medium, 5, 2), (.low, 4, 1),
    ]

    /// The verdict on `scene`; nil if nothing is slow.
    static func verdict(on scene: Scene) -> Verdict? {
        let symptoms = Symptoms.all(in: scene)
        guard !symptoms.isEmpty else { return nil }
        let cases = cases(in: scene)
        let alternatives = { (used: [Case]) in
            cases.filter { one in one.score > 0 && !used.contains { $0.culprit == one.culprit && $0.isOf(one.member) } }
                .prefix(3).map {
                    Verdict.Alternative(culprit: $0.culprit, member: $0.member.name, score: $0.score)
                }
        }
        guard let best = cases.first, let confidence = confidence(in: best, among: cases) else {
            let strongest = symptoms[0].text
            return Verdict(
                cluster: scene.cluster, at: scene.at, culprit: .notSure, members: [], confidence: .low,
                sentence: "Something is slow, and no single cause stands out: \(strongest).",
                advice: Culprit.notSure.advice, symptoms: symptoms, evidence: [], against: [],
                alternatives: alternatives([]))
        }
        let guilty = sharing(best, among: cases)
        let evidence = best.evidence.strongestFirst
        return Verdict(
            cluster: scene.cluster, at: scene.at, culprit: best.culprit, members: guilty.map(\.member.name),
            confidence: confidence,
            sentence: best.culprit.sentence(about: guilty.map(\.member), because: evidence.first?.text ?? ""),
            advice: best.culprit.advice, symptoms: symptoms, evidence: evidence,
            against: best.against.strongestFirst, alternatives: alternatives(guilty))
    }

    /// All of them, likeliest first; in ties the order of culprits and members decides, so that a verdict is stable.
    static func cases(in scene: Scene) -> [Case] {
        let all = Culprit.allCases.filter { $0 != .notSure }.flatMap { culprit in
            scene.members.map { weigh(culprit, at: $0, in: scene) }
        }
        return all.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            .map(\.element)
    }

    private static func weigh(_ culprit: Culprit, at member: Scene.Member, in scene: Scene) -> Case {
        var (evidence, against): ([Evidence], [Evidence]) = ([], [])
        for indication in Indications.of(culprit) {
            guard let text = indication.seen(scene, member) else { continue }
            let found = Evidence(
                text: text, weight: abs(indication.weight),
                query: indication.gauge?.definition.query(.now, cluster: scene.cluster, window: scene.window),
                source: indication.source)
            if indication.weight > 0 { evidence.append(found) } else { against.append(found) }
        }
        return Case(culprit: culprit, member: member, evidence: evidence, against: against)
    }

    /// Members for which nearly as much speaks as for the best: they share its trouble.
    private static func sharing(_ best: Case, among cases: [Case]) -> [Case] {
        let alike = cases.filter { $0.culprit == best.culprit && $0.score >= best.score - 1 && $0.score >= 5 }
        return alike.isEmpty ? [best] : alike
    }

    private static func confidence(in best: Case, among cases: [Case]) -> Confidence? {
        let guilty = sharing(best, among: cases)
        let next = cases.first { one in
            !guilty.contains { $0.culprit == one.culprit && $0.isOf(one.member) }
        }
        let lead = best.score - max(0, next?.score ?? 0)
        return standards.first { best.score >= $0.score && lead >= $0.lead }?.confidence
    }
}

extension Judge.Case {
    fileprivate func isOf(_ other: Scene.Member) -> Bool { member.name == other.name }
}

extension [Evidence] {
    fileprivate var total: Int { reduce(0) { $0 + $1.weight } }

    fileprivate var strongestFirst: [Evidence] {
        enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(\.element)
    }
}

extension Culprit {
    /// What is wrong, in one sentence.
    fileprivate func sentence(about members: [Scene.Member], because evidence: String) -> String {
        let names = members.map(\.title).joined(separator: ", ")
        let why = evidence.isEmpty ? "." : ": \(evidence)."
        return switch self {
        case .disk: "The disk under \(names) is too slow" + why
        case .cpu: "etcd of \(names) does not get the CPU it needs" + why
        case .network: "The network of \(names) is slow" + why
        case .load: "Clients ask too much of \(names)" + why
        case .peer: "\(names) left the others alone" + why
        case .configuration: "The configuration of \(names) is at fault" + why
        case .notSure: "Nobody knows."
        }
    }

    /// What to do.
    fileprivate var advice: String {
        switch self {
        case .disk:
            "Give the WAL a device of its own, or move the member to a faster disk. Run a disk check for the grade and"
                + " look for a neighbour that writes, an exhausted burst credit or a RAID that rebuilds."
        case .cpu:
            "Raise etcd's CPU quota or share, move other work off the host, and give etcd's unit a higher CPUWeight."
        case .network:
            "Look at the path to this member: packet loss, a saturated link, another zone. If the distance is meant,"
                + " raise heartbeat-interval to its round trip and election-timeout to ten times that, on all members."
        case .load:
            "Find the client: large ranges and lists without a limit are the usual cause. Page them with limit, watch"
                + " instead of listing, and spread reads over the members."
        case .peer:
            "Look at this member's service and its last log lines, and start it again; the cluster has less to lose"
                + " until then."
        case .configuration:
            "Give all members the same settings. If the database is full: compact, defragment member by member, then"
                + " disarm the alarm; raise quota-backend-bytes if the data is meant to be that large."
        case .notSure:
            "Look at the symptoms' charts side by side. If they come back, the next verdict has more to go by."
        }
    }
}
