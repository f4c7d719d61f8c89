internal import HTTPClient
internal import Model

/// Alertmanager's webhook, as a client of any receiver of it.
struct WebhookChannel: Channel {
    let name: String
    let settings: WebhookSettings
    let deadline: Duration
    let client: HTTPClient
    let links: DashboardLinks

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        let url: String
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "application/json"), ("User-Agent", "etcd-monitor"),
            // The same for every attempt: a receiver can see that it has this one.
            ("Idempotency-Key", "etcd-monitor-\(notification.id)-\(notification.createdAt.milliseconds)"),
        ]
        do throws(NotificationsError) {
            url = try settings.url.read()
            if let token = try settings.bearerToken?.read() { headers.append(("Authorization", "Bearer \(token)")) }
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let body = AlertmanagerBody.make(
            notification.content, receiver: name, externalURL: links.base, generatorURL: links.link(for:))
        let request = HTTPRequest("POST", url, headers: headers, body: body, maximumBodyBytes: 64 << 10)
        do throws(HTTPClientError) {
            return Self.outcome(of: try await client.send(request, deadline: deadline))
        } catch  where error.code == .tooLarge {
            // It answered, at length; what counts is that it took the alert, which only the status tells: ask again.
            return AttemptOutcome(result: .retry, error: "the receiver's answer is longer than 64 KiB")
        } catch {
            return AttemptOutcome(error, hiding: Self.parts(of: url))
        }
    }

    /// 2xx is taken; 408, 425, 429 and 5xx may work later; anything else will not.
    static func outcome(of response: HTTPResponse) -> AttemptOutcome {
        switch response.status {
        case 200..<300: return .delivered(response.status)
        case 408, 425, 429, 500...:
            return AttemptOutcome(
                result: .retry, code: response.status, error: "the receiver answered \(response.status)",
                retryAfter: response[header: "retry-after"].flatMap { Int($0) }.map { .seconds(max(0, $0)) })
        default:
            let hint =
                (300..<400).contains(response.status) ? "; redirects are not followed, configure the final URL" : ""
            return AttemptOutcome(
                result: .failed, code: response.status, error: "the receiver answered \(response.status)\(hint)")
        }
    }

    /// The URL, with and without its query, and its path: each may stand in a message.
    private static func parts(of url: String) -> [String] {
        let bare = String(url.prefix { $0 != "?" && $0 != "#" })
        let afterScheme = bare.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        let path = afterScheme.firstIndex(of: "/").map { String(afterScheme[$0...]) } ?? ""
        return [url, bare] + (path.count > 1 ? [path] : [])
    }
}
