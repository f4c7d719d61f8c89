internal import Cryptography
internal import Model

/// Which group an alert belongs to: those that share the values of the route's `group_by` are told together.
struct GroupIdentity: Hashable, Sendable {
    /// The labels that all of the group share.
    let labels: Labels
    /// As Alertmanager writes it: the route and the labels.
    let key: String

    init(_ alert: Alert, route: Route) {
        labels = alert.labels.keeping(Self.names)
        let matchers = route.matchers.sorted { $0.key < $1.key }.map { name, values in
            "\(name)=~\"\(Labels.escaped(values.sorted().joined(separator: "|")))\""
        }
        key = "{}/{\(matchers.joined(separator: ","))}:\(labels.description)"
    }

    static let names: Set<String> = ["alertname", "cluster"]
}

extension Labels {
    /// SHA-256 of the labels as PromQL writes them.
    var digest: [UInt8] { SHA256.digest(Array(description.utf8)) }
}
