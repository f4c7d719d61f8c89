internal import JSON
internal import Model

/// What a notification says: the alerts as they were when it was made. Stored, so that every retry says the same.
struct NotificationContent: Hashable, Sendable {
    /// The route that made it.
    var route: String
    /// Identifies the group, as Alertmanager writes it: `{}/{…}:{alertname="…", cluster="…"}`.
    var groupKey: String
    /// The labels that the group has in common by definition.
    var groupLabels: Labels
    /// Firing ones first, then resolved ones.
    var alerts: [Alert]
    /// Who has taken up all of them, if that is what the notification says.
    var acknowledgedBy: String?

    /// Whether anything still fires.
    var isFiring: Bool { alerts.contains { $0.state == .firing } }

    /// Labels that all alerts share.
    var commonLabels: Labels { Self.common(alerts.map(\.labels)) }
    /// Annotations that all alerts share.
    var commonAnnotations: Labels { Self.common(alerts.map(\.annotations)) }

    private static func common(_ sets: [Labels]) -> Labels {
        guard let first = sets.first else { return Labels() }
        return Labels(first.filter { label in sets.allSatisfy { $0[label.name] == label.value } })
    }
}

// MARK: - As it is stored

extension NotificationContent {
    var json: String {
        var writer = JSONWriter()
        writer.object {
            $0.member("route", route)
            $0.member("groupKey", groupKey)
            $0.key("groupLabels")
            $0.labels(groupLabels)
            $0.key("alerts")
            $0.array { for alert in alerts { alert.write(to: &$0) } }
            if let acknowledgedBy { $0.member("acknowledgedBy", acknowledgedBy) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    init(json: String) throws {
        let value = try JSONValue(parsing: json)
        guard let route = value["route"]?.string, let groupKey = value["groupKey"]?.string,
            case .array(let alerts)? = value["alerts"]
        else { throw NotificationsError(.ledger, "a notification in the ledger cannot be read") }
        self.route = route
        self.groupKey = groupKey
        groupLabels = Labels(json: value["groupLabels"])
        self.alerts = try alerts.map(Alert.init(json:))
        acknowledgedBy = value["acknowledgedBy"]?.string
    }
}

extension Alert {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.key("labels")
            $0.labels(labels)
            $0.key("annotations")
            $0.labels(annotations)
            $0.member("state", state.rawValue)
            // As text: JSON has no NaN and no infinity.
            $0.member("value", String(value))
            $0.member("activeAt", activeAt.milliseconds)
            $0.member("firedAt", firedAt?.milliseconds)
            $0.member("resolvedAt", resolvedAt?.milliseconds)
        }
    }

    var json: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    init(json value: JSONValue) throws {
        guard let state = value["state"]?.string.flatMap(Alert.State.init(rawValue:)),
            let activeAt = value["activeAt"]?.int64
        else { throw NotificationsError(.ledger, "an alert in the ledger cannot be read") }
        self.init(
            labels: Labels(json: value["labels"]), annotations: Labels(json: value["annotations"]), state: state,
            value: value["value"]?.string.flatMap { Double($0) } ?? .nan, activeAt: Timestamp(milliseconds: activeAt),
            firedAt: value["firedAt"]?.int64.map { Timestamp(milliseconds: $0) },
            resolvedAt: value["resolvedAt"]?.int64.map { Timestamp(milliseconds: $0) })
    }
}

extension Labels {
    /// An object of texts; anything else is left out.
    init(json value: JSONValue?) {
        guard case .object(let members)? = value else {
            self.init()
            return
        }
        self.init(members.compactMap { name, value in value.string.map { Label(name, $0) } })
    }

    var json: String {
        var writer = JSONWriter()
        writer.labels(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    mutating func labels(_ labels: Labels) {
        object { for label in labels { $0.member(label.name, label.value) } }
    }
}
