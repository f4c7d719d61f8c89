internal import HTTPClient
internal import Model
internal import Rules

/// One POST to a receiver, and what its answer means for the next attempt.
struct HTTPDelivery: Sendable {
    let client: HTTPClient
    let deadline: Duration

    /// The longest answer that is read.
    private static let answerLimit = 64 << 10
    /// So much of a refusal is kept in the ledger.
    private static let reasonLength = 300

    /// Posts `body` as JSON to `url`.
    ///
    /// - Parameters:
    ///   - url: hidden in whatever is told of it, with its path.
    ///   - bearer: sent as `Authorization: Bearer …`, and hidden.
    ///   - secrets: hidden too.
    ///   - taken: says what an answer of 2xx means.
    func post(
        _ body: [UInt8], to url: String, headers: [(name: String, value: String)] = [], bearer: String? = nil,
        hiding secrets: [String] = [],
        taken: (HTTPResponse) -> AttemptOutcome = { .delivered($0.status) }
    ) async -> AttemptOutcome {
        var all = [("Content-Type", "application/json"), ("User-Agent", "etcd-monitor")] + headers
        if let bearer { all.append(("Authorization", "Bearer \(bearer)")) }
        let request = HTTPRequest("POST", url, headers: all, body: body, maximumBodyBytes: Self.answerLimit)
        let hidden = (secrets + [bearer].compactMap { $0 } + Self.parts(of: url)).filter { !$0.isEmpty }
        do throws(HTTPClientError) {
            let response = try await client.send(request, deadline: deadline)
            return (200..<300).contains(response.status) ? taken(response) : Self.outcome(of: response, hiding: hidden)
        } catch  where error.code == .tooLarge {
            // It answered, at length; what counts is that it took the alert, which only the status tells: ask again.
            return AttemptOutcome(result: .retry, error: "the receiver's answer is longer than 64 KiB")
        } catch {
            return AttemptOutcome(error, hiding: hidden)
        }
    }

    /// 408, 425, 429 and 5xx may work later, and not before the receiver says so; anything else will not.
    static func outcome(of response: HTTPResponse, hiding secrets: [String], now: Timestamp = WallClock.system.now)
        -> AttemptOutcome
    {
        let reason = AttemptOutcome.hide(secrets, in: Self.reason(response.body))
        switch response.status {
        case 408, 425, 429, 500...:
            return AttemptOutcome(
                result: .retry, code: response.status, error: "the receiver answered \(response.status)\(reason)",
                retryAfter: response[header: "retry-after"].flatMap { retryAfter($0, at: now) })
        case 300..<400:
            return AttemptOutcome(
                result: .failed, code: response.status,
                error: "the receiver answered \(response.status); redirects are not followed, configure the final URL")
        default:
            return AttemptOutcome(
                result: .failed, code: response.status, error: "the receiver refused: \(response.status)\(reason)")
        }
    }

    /// RFC 9110 section 10.2.3: seconds, or a date.
    static func retryAfter(_ text: String, at now: Timestamp) -> Duration? {
        if let seconds = Int(text) { return .seconds(min(max(0, seconds), 86_400)) }
        return CalendarTime.instant(httpDate: text).map { max(.zero, $0 - now) }
    }

    /// The receiver's own words, on one line.
    static func reason(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(4 * reasonLength), as: UTF8.self)
        let line = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }.joined()
        let words = line.split(separator: " ").joined(separator: " ")
        return words.isEmpty ? "" : ": " + words.prefix(reasonLength)
    }

    /// The URL, with and without its query, and its path: each may stand in a message.
    private static func parts(of url: String) -> [String] {
        let bare = String(url.prefix { $0 != "?" && $0 != "#" })
        let afterScheme = bare.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        let path = afterScheme.firstIndex(of: "/").map { String(afterScheme[$0...]) } ?? ""
        return [url, bare] + (path.count > 1 ? [path] : [])
    }
}

extension CalendarTime {
    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, IMF-fixdate); nil for anything else.
    static func instant(httpDate text: String) -> Timestamp? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 8, words[7] == "GMT", let month = months.firstIndex(of: String(words[2])),
            let day = Int64(words[1]), let year = Int64(words[3]), let hour = Int64(words[4]),
            let minute = Int64(words[5]), let second = Int64(words[6]), (1970...9999).contains(year),
            (1...31).contains(day), (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        let days = daysSinceEpoch(year: year, month: Int64(month) + 1, day: day)
        return Timestamp(milliseconds: (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000)
    }

    /// By the days-from-civil algorithm (Howard Hinnant, "chrono-compatible low-level date algorithms").
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
