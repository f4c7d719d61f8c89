internal import HTTPClient
internal import Model

/// Alertmanager's webhook, as a client of any receiver of it.
struct WebhookChannel: Channel {
    let name: String
    let settings: WebhookSettings
    let post: HTTPDelivery
    let links: DashboardLinks

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        let (url, token): (String, String?)
        do throws(NotificationsError) {
            (url, token) = (try settings.url.read(), try settings.bearerToken?.read())
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let body = AlertmanagerBody.make(
            notification.content, receiver: name, externalURL: links.base, generatorURL: links.link(for:))
        // The same for every attempt: a receiver can see that it has this one.
        return await post.post(
            body, to: url, headers: [("Idempotency-Key", notification.idempotencyKey)], bearer: token)
    }
}
