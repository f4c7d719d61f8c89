internal import HTTPClient

/// Mail through an SMTP server.
struct EmailChannel: Channel {
    let name: String
    let settings: EmailSettings
    let deadline: Duration
    let client: MailClient
    let links: DashboardLinks

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        var server = settings.server
        do throws(NotificationsError) {
            server.password = try settings.password?.read()
        } catch {
            // Someone may put the file in place: nothing is lost until then.
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let message = MailComposer.compose(
            notification.content, id: notification.id, at: notification.createdAt, settings: settings, links: links)
        do throws(HTTPClientError) {
            try await client.send(message, to: server, deadline: deadline)
            return .delivered(250)
        } catch {
            return AttemptOutcome(error, hiding: [server.password ?? ""])
        }
    }
}
