internal import HTTPClient
internal import JSON
internal import Model

/// Slack: by an incoming webhook, where each change is a message of its own; or by a bot, which keeps one message for each
/// group, answers below it while the group goes on, and marks it when the group ends.
struct SlackChannel: Channel {
    let name: String
    let settings: SlackSettings
    let post: HTTPDelivery
    let links: DashboardLinks

    /// Errors of Slack's Web API (with status 200) that may go away.
    private static let passing: Set<String> = [
        "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
        "team_added_to_org",
    ]
    /// The message that was to be changed is gone, or may not be changed any more: a new one says it.
    private static let lost: Set<String> = [
        "message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "thread_not_found",
    ]

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        switch settings.way {
        case .webhook(let source):
            do throws(NotificationsError) {
                let url = try source.read()
                return await post.post(Self.webhookBody(notification.content, links: links), to: url)
            } catch {
                return AttemptOutcome(result: .retry, error: error.message)
            }
        case .bot(let source, let channel):
            do throws(NotificationsError) {
                return await send(notification, to: channel, token: try source.read())
            } catch {
                return AttemptOutcome(result: .retry, error: error.message)
            }
        }
    }

    /// What an incoming webhook takes.
    static func webhookBody(_ content: NotificationContent, links: DashboardLinks) -> [UInt8] {
        var json = JSONWriter(reserving: 2048)
        json.object { SlackMessage(content: content, links: links).write(to: &$0) }
        return json.bytes
    }

    // MARK: Bot

    /// The message that stands for a group.
    private struct Reference {
        /// The channel's id, which may differ from the configured name.
        var channel: String
        /// The message's id.
        var ts: String

        init?(_ text: String?) {
            let parts = text?.split(separator: " ", maxSplits: 1).map(String.init) ?? []
            guard parts.count == 2 else { return nil }
            (channel, ts) = (parts[0], parts[1])
        }
    }

    private func send(_ notification: DueNotification, to channel: String, token: String) async -> AttemptOutcome {
        let content = notification.content
        let isOver = !content.isFiring
        guard let known = Reference(notification.reference) else {
            var outcome = await call("chat.postMessage", content, token) { $0.member("channel", channel) }
            if isOver { outcome.reference = .none }
            return outcome
        }
        var outcome: AttemptOutcome
        if isOver || content.acknowledgedBy != nil {
            outcome = await call("chat.update", content, token) {
                $0.member("channel", known.channel)
                $0.member("ts", known.ts)
            }
        } else {
            outcome = await call("chat.postMessage", content, token) {
                $0.member("channel", known.channel)
                $0.member("thread_ts", known.ts)
                $0.member("reply_broadcast", true)
            }
        }
        if outcome.result == .failed, Self.lost.contains(outcome.word ?? "") {
            outcome = await call("chat.postMessage", content, token) { $0.member("channel", channel) }
        } else if outcome.result == .delivered {
            // Answers belong to the first message.
            outcome.reference = "\(known.channel) \(known.ts)"
        }
        if isOver, outcome.result == .delivered { outcome.reference = .none }
        return outcome
    }

    private func call(
        _ method: String, _ content: NotificationContent, _ token: String, _ target: (inout JSONWriter) -> Void
    ) async -> AttemptOutcome {
        var json = JSONWriter(reserving: 2048)
        json.object {
            target(&$0)
            SlackMessage(content: content, links: links).write(to: &$0)
        }
        let base = settings.apiURL.hasSuffix("/") ? String(settings.apiURL.dropLast()) : settings.apiURL
        return await post.post(
            json.bytes, to: "\(base)/\(method)", bearer: token
        ) { response in Self.outcome(of: response) }
    }

    /// The Web API answers 200 and says in the body whether it did as told.
    static func outcome(of response: HTTPResponse) -> AttemptOutcome {
        guard let answer = try? JSONValue(parsing: response.body), let isDone = answer["ok"]?.bool else {
            // Not JSON: something between us and Slack answered.
            return AttemptOutcome(result: .retry, code: response.status, error: "the answer is not Slack's")
        }
        guard isDone else {
            let word = answer["error"]?.string ?? "unknown"
            var outcome = AttemptOutcome(
                result: passing.contains(word) ? .retry : .failed, code: response.status,
                error: "Slack refused: \(word)",
                retryAfter: response[header: "retry-after"].flatMap {
                    HTTPDelivery.retryAfter($0, at: WallClock.system.now)
                })
            outcome.word = word
            return outcome
        }
        var outcome = AttemptOutcome.delivered(response.status)
        if let channel = answer["channel"]?.string, let ts = answer["ts"]?.string {
            outcome.reference = "\(channel) \(ts)"
        }
        return outcome
    }
}
