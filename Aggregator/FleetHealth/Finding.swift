/// Something that is not as it should be, in one sentence. The worst one of a cluster is its cause.
struct Finding: Hashable, Sendable {
    /// How bad it makes the cluster.
    var status: HealthStatus
    /// Among equals of one status the lower one is told: what explains more comes first.
    var order: Int
    /// In the operator's words, with what to look at.
    var sentence: String
    /// The instance of the member it is about, nil for the cluster.
    var instance: String?

    /// The one to tell.
    static func worst(of findings: [Finding]) -> Finding? {
        findings.min { left, right in
            left.status == right.status ? left.order < right.order : left.status > right.status
        }
    }
}

/// Numbers as a sentence shows them.
enum Words {
    /// `14.2 %`
    static func percent(_ share: Double) -> String { "\(decimal(share * 100)) %" }

    /// `2.1 GB`, `340 MB`
    static func bytes(_ count: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = count
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return "\(decimal(value)) \(units[unit])"
    }

    /// `212 ms`, `1.4 s`
    static func duration(_ seconds: Double) -> String {
        seconds >= 1 ? "\(decimal(seconds)) s" : "\(decimal(seconds * 1000)) ms"
    }

    /// `40 s`, `4 min`, `3 h`, `2 d`
    static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(seconds / 86_400)) d"
        }
    }

    /// One place after the point below a hundred, none above, and none if it is 0.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let tenths = (value * 10).rounded() / 10
        if abs(tenths) >= 100 || tenths == tenths.rounded() { return "\(Int(tenths.rounded()))" }
        return "\(tenths)"
    }

    /// `a`, `a and b`, `a, b and c`
    static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
