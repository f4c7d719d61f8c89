internal import Model
internal import Rules

/// What people read: subject, text and HTML of a mail.
struct MessageText {
    let content: NotificationContent
    let links: DashboardLinks

    /// `[critical] prod-eu: leader changed`, `[resolved] prod-eu: member down (2 members)`.
    var subject: String {
        let lead = content.isFiring ? worst : "resolved"
        let cluster = content.groupLabels["cluster"] ?? content.commonLabels["cluster"]
        let name = Self.words(content.groupLabels["alertname"] ?? content.commonLabels["alertname"] ?? "alerts")
        let count = content.alerts.count > 1 ? " (\(content.alerts.count) alerts)" : ""
        return "[\(lead)] \(cluster.map { "\($0): " } ?? "")\(name)\(count)"
    }

    /// The gravest severity that still fires.
    private var worst: String {
        let found = Set(content.alerts.filter { $0.state == .firing }.compactMap { $0.labels["severity"] })
        return ["critical", "warning", "info"].first { found.contains($0) } ?? found.min() ?? "alert"
    }

    /// `EtcdLeaderChanged`, `etcdMembersDown` → `leader changed`, `members down`.
    static func words(_ name: String) -> String {
        var rest = Substring(name)
        if rest.lowercased().hasPrefix("etcd"), rest.count > 4 { rest = rest.dropFirst(4) }
        var words: [String] = []
        var word = ""
        var previous: Character?
        for character in rest {
            let begins = character.isUppercase && previous.map { !$0.isUppercase } ?? false
            if begins, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(character)
            previous = character
        }
        if !word.isEmpty { words.append(word) }
        // An acronym such as GRPC stays as it is.
        return words.map { $0.count > 1 && $0.allSatisfy(\.isUppercase) ? $0 : $0.lowercased() }.joined(separator: " ")
    }

    /// Plain text.
    var plain: String {
        var lines: [String] = []
        for alert in content.alerts {
            lines.append("\(Self.state(alert)): \(Self.sentence(alert))")
            if let remedy = Self.remedy(alert), alert.state == .firing { lines += ["", "What to do: \(remedy)"] }
            lines += ["", "Since:  \(CalendarTime(alert.firedAt ?? alert.activeAt).text)"]
            if let end = alert.resolvedAt { lines.append("Ended:  \(CalendarTime(end).text)") }
            lines.append("Labels: \(Self.labels(alert))")
            if let runbook = alert.annotations["runbook_url"] { lines.append("More:   \(runbook)") }
            lines += ["", "-----", ""]
        }
        if let link = links.link(for: content) { lines += ["Dashboard: \(link)", ""] }
        lines.append("etcd-monitor; told by \(content.route)")
        return lines.joined(separator: "\n")
    }

    /// The same as HTML without outside resources; every text escaped.
    var html: String {
        var body = ""
        for alert in content.alerts {
            let color = alert.state == .resolved ? "#1a7f37" : Self.color(alert)
            body += """
                <div style="border-left:4px solid \(color);padding:4px 0 4px 14px;margin:0 0 22px">\
                <div style="color:\(color);font-size:12px;font-weight:700;text-transform:uppercase;letter-spacing:.04em">\
                \(Self.escaped(Self.state(alert)))</div>\
                <div style="font-size:17px;font-weight:600;margin:2px 0 8px">\(Self.escaped(Self.sentence(alert)))</div>

                """
            if let remedy = Self.remedy(alert), alert.state == .firing {
                body += "<p style=\"margin:0 0 8px\"><b>What to do:</b> \(Self.escaped(remedy))</p>\n"
            }
            body +=
                "<p style=\"margin:0 0 8px;color:#57606a\">Since \(CalendarTime(alert.firedAt ?? alert.activeAt).text)"
            if let end = alert.resolvedAt { body += "<br>Ended \(CalendarTime(end).text)" }
            body += "</p>\n<p style=\"margin:0;color:#57606a;font-family:monospace;font-size:12px\">"
            body += "\(Self.escaped(Self.labels(alert)))</p>\n"
            if let runbook = alert.annotations["runbook_url"], Self.isWebLink(runbook) {
                body += "<p style=\"margin:8px 0 0\"><a href=\"\(Self.escaped(runbook))\">Runbook</a></p>\n"
            }
            body += "</div>\n"
        }
        if let link = links.link(for: content), Self.isWebLink(link) {
            body += "<p><a href=\"\(Self.escaped(link))\">Open in the dashboard</a></p>\n"
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(subject))</title></head>
            <body style="font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:44em;margin:24px auto;padding:0 16px">
            \(body)<p style="color:#57606a;font-size:12px">etcd-monitor; told by \(Self.escaped(content.route))</p>
            </body></html>

            """
    }

    // MARK: Parts

    /// `Critical`, `Resolved`
    static func state(_ alert: Alert) -> String {
        alert.state == .resolved ? "Resolved" : (alert.labels["severity"] ?? "firing").capitalizedFirst
    }

    static func sentence(_ alert: Alert) -> String {
        alert.annotations["summary"] ?? alert.annotations["description"] ?? alert.annotations["message"]
            ?? words(alert.labels["alertname"] ?? "alert")
    }

    private static func remedy(_ alert: Alert) -> String? {
        alert.annotations["action"] ?? (alert.annotations["summary"] == nil ? nil : alert.annotations["description"])
    }

    private static func labels(_ alert: Alert) -> String {
        alert.labels.map { "\($0.name)=\"\(Labels.escaped($0.value))\"" }.joined(separator: " ")
    }

    private static func color(_ alert: Alert) -> String {
        switch alert.labels["severity"] {
        case "critical": "#cf222e"
        case "warning": "#9a6700"
        default: "#0969da"
        }
    }

    private static func isWebLink(_ text: String) -> Bool { text.hasPrefix("https://") || text.hasPrefix("http://") }

    /// - Parameter quotes: whether quotes are escaped too, as HTML's attributes want it.
    static func escaped(_ text: String, quotes: Bool = true) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"" where quotes: result += "&quot;"
            case "'" where quotes: result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Where things are shown.
struct DashboardLinks: Sendable {
    /// `https://monitor.example.com:8379`, without a slash at the end; "" if it is not known.
    let base: String

    init(base: String) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
    }

    /// The cluster's page; the alerts' page for what is about no cluster; nil if the base is not known.
    func link(for content: NotificationContent) -> String? {
        guard !base.isEmpty else { return nil }
        let cluster = content.groupLabels["cluster"] ?? content.commonLabels["cluster"]
        return cluster.map { "\(base)/clusters/\(Self.encoded($0))" } ?? "\(base)/alerts"
    }

    /// Where `alert` is shown.
    func link(for alert: Alert) -> String { "\(base)/alerts?fingerprint=\(alert.labels.fingerprint)" }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = UnicodeScalar(byte)
            if scalar.properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte)
                || "-._~".utf8.contains(byte)
            {
                result.unicodeScalars.append(scalar)
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
