internal import HTTPClient
internal import JSON
internal import Model
internal import Rules

/// Alertmanager's own API v2, as Prometheus speaks it: Alertmanager then routes and tells. Each of a cluster's Alertmanagers
/// gets everything, as they expect it; one that takes it is enough.
struct AlertmanagerChannel: Channel {
    let name: String
    let settings: AlertmanagerSettings
    let post: HTTPDelivery
    let links: DashboardLinks

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        let token: String?
        do throws(NotificationsError) {
            token = try settings.bearerToken?.read()
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let body = Self.body(notification, holdFor: settings.holdFor, links: links)
        var outcomes: [AttemptOutcome] = []
        for url in settings.urls {
            let base = url.hasSuffix("/") ? String(url.dropLast()) : url
            outcomes.append(await post.post(body, to: base + "/api/v2/alerts", bearer: token))
        }
        let best = outcomes.first { $0.result == .delivered } ?? outcomes.first { $0.result != .failed }
        return best ?? outcomes.first ?? AttemptOutcome(result: .failed, error: "no Alertmanager is configured")
    }

    /// `postAlerts` of Alertmanager's `api/v2/openapi.yaml`.
    ///
    /// - Parameter holdFor: how long Alertmanager believes that an alert fires without hearing of it again.
    static func body(_ notification: DueNotification, holdFor: Duration, links: DashboardLinks) -> [UInt8] {
        var json = JSONWriter(reserving: 2048)
        json.array {
            for alert in notification.content.alerts {
                $0.object {
                    $0.key("labels")
                    $0.labels(alert.labels)
                    $0.key("annotations")
                    $0.labels(alert.annotations)
                    $0.member("startsAt", CalendarTime(alert.firedAt ?? alert.activeAt).rfc3339)
                    $0.member(
                        "endsAt", CalendarTime(alert.resolvedAt ?? notification.createdAt + holdFor).rfc3339)
                    $0.member("generatorURL", links.link(for: alert))
                }
            }
        }
        return json.bytes
    }
}
