// Speaks to one etcd member, and is the only room that does: metrics text, status, members, alarms, timed reads, over
// plain HTTP and etcd's own JSON gateway. Leaves the pace to its caller and the meaning of metrics to PrometheusText.

public import HTTPClient
internal import JSON

/// One member of an etcd cluster, asked through its client URL.
///
/// Nothing here writes to the cluster, and only `alarms` costs it a raft proposal.
public final class EtcdClient: Sendable {
    private let clientURL: String
    private let metricsURL: String
    private let http: HTTPClient

    /// A member.
    /// - Parameters:
    ///   - clientURL: `https://10.0.0.1:2379`, without a path.
    ///   - metricsURL: where `/metrics` is, if etcd has `--listen-metrics-urls`; the client URL if not.
    ///   - tls: whom to trust and who we are.
    public init(clientURL: String, metricsURL: String? = nil, tls: TLSOptions = TLSOptions()) {
        self.clientURL = Self.withoutSlash(clientURL)
        self.metricsURL = Self.withoutSlash(metricsURL ?? clientURL) + "/metrics"
        // One connection for each kind of request that may be under way at once.
        http = HTTPClient(tls: tls, maximumConnections: 6, idleConnections: 4)
    }

    /// The text of `/metrics`, version 0.0.4.
    ///
    /// - Parameter maximumBytes: a longer answer is `.garbage`.
    public func metrics(maximumBytes: Int = 4 << 20, deadline: Duration) async throws(EtcdError) -> [UInt8] {
        let request = HTTPRequest("GET", metricsURL, maximumBodyBytes: maximumBytes)
        let response = try await send(request, deadline: deadline)
        guard response.status == 200 else { throw EtcdError(status: response.status, body: [], of: metricsURL) }
        return response.body
    }

    /// What the member says of itself (maintenance.Status). Served by the member alone, also without a leader.
    ///
    /// With etcd's RBAC on, 3.4.42–45, 3.5.28–31 and 3.6.0–3.6.11 answer root only: `.unauthorised`.
    public func status(deadline: Duration) async throws(EtcdError) -> EtcdStatus {
        try EtcdStatus(try await call("/v3/maintenance/status", "{}", deadline: deadline))
    }

    /// The members as this one knows them (cluster.MemberList, not linearizable).
    public func members(deadline: Duration) async throws(EtcdError) -> EtcdMembers {
        try EtcdMembers(try await call("/v3/cluster/member/list", "{}", deadline: deadline))
    }

    /// The alarms of the cluster (maintenance.Alarm, GET).
    ///
    /// etcd sends even this through raft (`EtcdServer.Alarm` → `raftRequestOnce`): a log entry and an fsync on every
    /// member for each call. `EtcdStatus.alarms` says the same for nothing; this is for when a person asks.
    public func alarms(deadline: Duration) async throws(EtcdError) -> [EtcdAlarm] {
        let answer = try await call("/v3/maintenance/alarm", #"{"action":"GET"}"#, deadline: deadline)
        return try (answer["alarms"]?.array ?? []).map { value throws(EtcdError) in try EtcdAlarm(value) }
    }

    /// How a read is served.
    public enum ReadKind: String, CaseIterable, Sendable {
        /// By the member alone, from what it has.
        case serializable
        /// After a round of the cluster's quorum.
        case linearizable
    }

    /// How long the member takes to read a single key that does not exist.
    public func timeRead(_ kind: ReadKind, deadline: Duration) async throws(EtcdError) -> Duration {
        let clock = ContinuousClock()
        let started = clock.now
        _ = try await call(
            "/v3/kv/range", #"{"key":"\#(Self.absentKey)","serializable":\#(kind == .serializable)}"#,
            deadline: deadline)
        return clock.now - started
    }

    /// base64 of `etcd-monitor/absent`: nobody writes it, and a read of one key touches one page.
    private static let absentKey = "ZXRjZC1tb25pdG9yL2Fic2VudA=="

    /// Calls `path` of the gateway.
    private func call(_ path: String, _ body: String, deadline: Duration) async throws(EtcdError) -> JSONValue {
        let request = HTTPRequest(
            "POST", clientURL + path, headers: [("Content-Type", "application/json")], body: Array(body.utf8),
            maximumBodyBytes: 1 << 20)
        let response = try await send(request, deadline: deadline)
        guard response.status == 200 else {
            throw EtcdError(status: response.status, body: response.body, of: clientURL + path)
        }
        do throws(JSONError) {
            return try JSONValue(parsing: response.body)
        } catch {
            throw EtcdError(.garbage, "\(clientURL + path): \(error)")
        }
    }

    private func send(_ request: HTTPRequest, deadline: Duration) async throws(EtcdError) -> HTTPResponse {
        do throws(HTTPClientError) {
            return try await http.send(request, deadline: deadline)
        } catch {
            throw EtcdError(error)
        }
    }

    private static func withoutSlash(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
