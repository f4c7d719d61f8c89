internal import HTTPClient
internal import Model

/// Alertmanager's webhook, as a client of any receiver of it.
struct WebhookChannel: Channel {
    let name: String
    let settings: WebhookSettings
    let post: HTTPDelivery
    let links: DashboardLinks

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        let url: String
        // The same for every attempt: a receiver can see that it has this one.
        var headers = [(name: "Idempotency-Key", value: notification.idempotencyKey)]
        var secrets: [String] = []
        do throws(NotificationsError) {
            url = try settings.url.read()
            if let token = try settings.bearerToken?.read() {
                headers.append(("Authorization", "Bearer \(token)"))
                secrets.append(token)
            }
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let body = AlertmanagerBody.make(
            notification.content, receiver: name, externalURL: links.base, generatorURL: links.link(for:))
        return await post.post(body, to: url, headers: headers, hiding: secrets)
    }
}
