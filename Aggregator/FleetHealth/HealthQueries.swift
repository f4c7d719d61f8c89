internal import Model
internal import PromQL

/// The questions put to the series: few, each for the whole fleet at once.
enum HealthQueries {
    /// What a result sets, series by series.
    typealias Sink = @Sendable (inout SeriesFacts, Labels, Double) -> Void

    /// A query and where its results go.
    struct Question: Sendable {
        var query: String
        var sink: Sink
    }

    private static let window = "5m"

    private static func quantile(_ metric: String, by extra: String = "") -> String {
        "histogram_quantile(0.99, sum by (cluster, instance, le\(extra)) (rate(\(metric)_bucket{job=\"etcd\"}[\(window)])))"
    }

    private static let wal = "etcd_disk_wal_fsync_duration_seconds"

    /// Cheap, and worth a fresh answer each time.
    static let frequent: [Question] = [
        // Requests as they begin: etcd counts those that it answered by each code that there is, over 700 series.
        Question(
            query: "sum by (cluster, instance) (rate(grpc_server_started_total{job=\"etcd\",grpc_type=\"unary\"}[1m]))"
        ) {
            $0.set(\.requestsPerSecond, $1, $2)
        },
        Question(query: "etcd_mvcc_db_total_size_in_bytes{job=\"etcd\"}") { $0.set(\.databaseBytes, $1, $2) },
        Question(query: "etcd_mvcc_db_total_size_in_use_in_bytes{job=\"etcd\"}") {
            $0.set(\.databaseInUseBytes, $1, $2)
        },
        Question(query: "etcd_server_quota_backend_bytes{job=\"etcd\"}") { $0.set(\.quotaBytes, $1, $2) },
        Question(query: "etcd_server_proposals_committed_total{job=\"etcd\"}") { $0.set(\.committedIndex, $1, $2) },
        Question(query: "etcd_server_proposals_applied_total{job=\"etcd\"}") { $0.set(\.appliedIndex, $1, $2) },
        Question(query: "timestamp(etcd_server_proposals_applied_total{job=\"etcd\"})") {
            $0.set(\.indexSampledAt, $1, $2)
        },
        Question(query: "node_load1{job=\"node\"}") { $0.set(\.load1, $1, $2) },
        Question(query: "node_memory_MemTotal_bytes{job=\"node\"}") { $0.set(\.memoryTotalBytes, $1, $2) },
        Question(query: "node_memory_MemAvailable_bytes{job=\"node\"}") { $0.set(\.memoryAvailableBytes, $1, $2) },
        Question(query: "1 - avg by (cluster, instance) (rate(node_cpu_seconds_total{job=\"node\",mode=\"idle\"}[1m]))")
        {
            $0.set(\.cpuRatio, $1, $2)
        },
    ]

    /// Over five minutes: they move slowly and read much.
    static let occasional: [Question] = [
        Question(query: quantile(wal)) { $0.set(\.walP99Seconds, $1, $2) },
        Question(
            query: "1 - sum by (cluster, instance) (rate(\(wal)_bucket{job=\"etcd\",le=\"0.016\"}[\(window)]))"
                + " / sum by (cluster, instance) (rate(\(wal)_count{job=\"etcd\"}[\(window)]))"
        ) { $0.set(\.walShareOver16ms, $1, $2) },
        Question(query: quantile("etcd_disk_backend_commit_duration_seconds")) { $0.set(\.commitP99Seconds, $1, $2) },
        Question(query: quantile("etcd_network_peer_round_trip_time_seconds", by: ", To")) { $0.setRTT($1, $2) },
    ]

    /// Asks `questions` and puts the answers over `facts`.
    ///
    /// - Returns: the queries that failed, with the reason; what they would have told is left out.
    static func ask(
        _ questions: [Question], of engine: PromQLEngine, at now: Timestamp
    ) async -> (answers: [(Question, [VectorSample])], failures: [(query: String, reason: String)]) {
        var answers: [(Question, [VectorSample])] = []
        var failures: [(query: String, reason: String)] = []
        for question in questions {
            do {
                let result = try await engine.instant(question.query, at: now)
                answers.append((question, result.value.vector ?? []))
            } catch {
                failures.append((question.query, error.message))
            }
        }
        return (answers, failures)
    }
}

/// When questions are put to the series again. Each is about the whole fleet and reads all of it: a member's change is
/// judged at once by what the series said last, however many change. Where the fleet is so large that an answer takes
/// long, it is asked for more rarely, so that judgement seldom takes more than a tenth of a core.
struct QuestionPace {
    /// One kind of questions.
    private struct Kind {
        var questions: [HealthQueries.Question]
        /// The least and the longest pause between two askings.
        var pauses: ClosedRange<Duration>
        var dueAt: ContinuousClock.Instant?
    }

    /// How many times as long as asking took it is not asked again.
    private static let restraint = 10

    /// With each round of five seconds, and with each sixth.
    private var kinds = [
        Kind(questions: HealthQueries.frequent, pauses: .seconds(4) ... .seconds(20)),
        Kind(questions: HealthQueries.occasional, pauses: .seconds(28) ... .seconds(120)),
    ]

    /// The questions to ask now, which then count as asked.
    mutating func due(at now: ContinuousClock.Instant) -> [HealthQueries.Question] {
        var questions: [HealthQueries.Question] = []
        for at in kinds.indices where kinds[at].dueAt.map({ $0 <= now }) ?? true {
            questions += kinds[at].questions
            kinds[at].dueAt = now + kinds[at].pauses.lowerBound
        }
        return questions
    }

    /// Asking for `questions`, all that were due at `now`, took so long.
    mutating func took(_ duration: Duration, for questions: [HealthQueries.Question], at now: ContinuousClock.Instant) {
        let asked = Set(questions.map(\.query))
        for at in kinds.indices where kinds[at].questions.contains(where: { asked.contains($0.query) }) {
            let pause = max(kinds[at].pauses.lowerBound, duration * Self.restraint)
            kinds[at].dueAt = now + min(pause, kinds[at].pauses.upperBound)
        }
    }
}
