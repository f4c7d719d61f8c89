internal import JSON
internal import Model
internal import Rules

/// A notification as Slack's blocks show it: a line that notifies, and below it, with the colour of its severity, what is
/// wrong and what to do.
struct SlackMessage {
    let content: NotificationContent
    let links: DashboardLinks

    /// Slack refuses more than 50 blocks and sections of more than 3,000 characters.
    private static let describedAlerts = 10
    private static let sectionLength = 2900

    /// Writes `text` and `attachments` into an object that is open.
    func write(to json: inout JSONWriter) {
        let text = MessageText(content: content, links: links)
        json.member("text", Self.escaped(text.subject))
        json.key("attachments")
        json.array {
            $0.object {
                $0.member("color", color)
                $0.member("fallback", Self.escaped(text.subject))
                $0.key("blocks")
                $0.array { blocks in
                    for alert in content.alerts.prefix(Self.describedAlerts) {
                        Self.section(Self.words(alert), to: &blocks)
                    }
                    let rest = content.alerts.count - Self.describedAlerts
                    if rest > 0 { Self.section("and \(rest) more", to: &blocks) }
                    Self.context(footer, to: &blocks)
                    if let link = links.link(for: content) { Self.button("Open in the dashboard", link, to: &blocks) }
                }
            }
        }
    }

    private var footer: String {
        let taken = content.acknowledgedBy.map { "Taken up by \(Self.escaped($0)). " } ?? ""
        return "\(taken)etcd-monitor; told by \(Self.escaped(content.route))"
    }

    private var color: String {
        guard content.isFiring else { return "#1a7f37" }
        let found = Set(content.alerts.filter { $0.state == .firing }.compactMap { $0.labels["severity"] })
        if found.contains("critical") { return "#cf222e" }
        return found.contains("warning") ? "#d4a72c" : "#0969da"
    }

    private static func words(_ alert: Alert) -> String {
        var lines = ["*\(escaped(MessageText.state(alert))):* \(escaped(MessageText.sentence(alert)))"]
        if let action = alert.annotations["action"], alert.state == .firing {
            lines.append("*What to do:* \(escaped(action))")
        }
        let end = alert.resolvedAt.map { ", ended \(CalendarTime($0).text)" } ?? ""
        lines.append("Since \(CalendarTime(alert.firedAt ?? alert.activeAt).text)\(end)")
        let labels = alert.labels.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        lines.append("`\(escaped(labels.split(separator: "`").joined(separator: "'")))`")
        return lines.joined(separator: "\n")
    }

    private static func section(_ text: String, to json: inout JSONWriter) {
        json.object {
            $0.member("type", "section")
            $0.key("text")
            $0.object { write(String(text.prefix(sectionLength)), to: &$0) }
        }
    }

    private static func context(_ text: String, to json: inout JSONWriter) {
        json.object {
            $0.member("type", "context")
            $0.key("elements")
            $0.array { $0.object { write(text, to: &$0) } }
        }
    }

    private static func button(_ label: String, _ url: String, to json: inout JSONWriter) {
        json.object {
            $0.member("type", "actions")
            $0.key("elements")
            $0.array {
                $0.object {
                    $0.member("type", "button")
                    $0.key("text")
                    $0.object {
                        $0.member("type", "plain_text")
                        $0.member("text", label)
                    }
                    $0.member("url", url)
                }
            }
        }
    }

    private static func write(_ text: String, to json: inout JSONWriter) {
        json.member("type", "mrkdwn")
        json.member("text", text)
    }

    /// Slack's three control characters: nothing in a label can mention, link or format.
    static func escaped(_ text: String) -> String { MessageText.escaped(text, quotes: false) }
}
