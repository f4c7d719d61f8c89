// What history costs and how fast it is read: the recorded hour of a real cluster, stored as the aggregator stores it, on a
// PostgreSQL of its own. Time is simulated, so hours pass in seconds.

internal import Glibc
internal import Model
internal import Postgres
internal import SeriesStore
internal import TestSupport

@main
struct StoreBenchCommand {
    /// Any day's, UTC: windows and slots begin there.
    static let midnight = Timestamp(milliseconds: 1_800_057_600_000)

    static let usage = """
        usage: etcd-monitor-store-bench bytes CLUSTERS | catalogue NODES | queries FOLDER | backtest DAYS | rules NODES

          bytes      stores the trace (ETCD_TRACE) for so many clusters and prints what PostgreSQL says it takes
          catalogue  enrols NODES nodes with the series of the trace and prints what finding some costs
          queries    stores an hour of 102 nodes, a day of 3 and a month of 3, writes 40 of their metrics to FOLDER for
                     others, and answers Prometheus's API until standard input ends
          backtest   stores so many days of one cluster every 5 s, and backtests built-in rules over them
          rules      stores six minutes of NODES nodes, and evaluates the built-in groups over them

        Prints one line of JSON.
        """

    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard PostgresFixture.unavailable == nil, EtcdTrace.archive != nil else {
            print("needs PostgreSQL 15 or newer, and the trace: set ETCD_TRACE")
            exit(1)
        }
        switch (words.first, words.count) {
        case ("bytes", 2): try await BytesBench(clusters: Int(words[1]) ?? 1).run()
        case ("catalogue", 2): try await CatalogueBench(nodes: Int(words[1]) ?? 10_000).run()
        case ("queries", 2): try await QueryBench(folder: words[1]).run()
        case ("backtest", 2): try await BacktestBench(days: Int(words[1]) ?? 30).run()
        case ("rules", 2): try await RulesBench(nodes: Int(words[1]) ?? 1000).run()
        default:
            print(usage)
            exit(2)
        }
    }
}
