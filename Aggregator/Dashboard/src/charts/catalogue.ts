// What the cluster page charts, in the operator's words and in PromQL. Titles follow the guide: the share over 16 ms
// is the verdict on the WAL, because etcd's histogram has only powers of two to say a p99 with.
import { byteRate, bytes, count, figures, latency, percent, rate } from "../lib/units";
import type { Limits } from "./limits";
import { shortened } from "./ticks";

/** One query: its series are members (by `instance`), or named by a label, or the only one of its name. */
export interface ChartQuery { expression: string; naming: { by: "member" } | { by: "label"; label: string } | { by: "name"; name: string } }

export interface ChartSpec {
  key: string;
  title: string;
  unit: string;
  format: (value: number | null | undefined) => string;
  /** Size of the card: two or three in a row. */
  isWide?: boolean;
  isBinary?: boolean;
  limit?: { value: number; name: string; isAlwaysShown?: boolean };
  /** The smallest top of the axis, so that noise does not look like news. */
  floor?: number;
  queries: (selector: string, window: string) => ChartQuery[];
}

const member = (expression: string): ChartQuery => ({ expression, naming: { by: "member" } });
const named = (name: string, expression: string): ChartQuery => ({ expression, naming: { by: "name", name } });
const p99 = (histogram: string, selector: string, window: string) =>
  member(`histogram_quantile(0.99, sum by (instance, le) (rate(${histogram}_bucket{${selector}}[${window}])))`);

function limit(value: number | null, format: ChartSpec["format"], isAlwaysShown = false): Pick<ChartSpec, "limit"> {
  return value === null ? {} : { limit: { value, name: `limit ${shortened(format(value))}`, isAlwaysShown } };
}

export const catalogue = (limits: Limits): readonly ChartSpec[] => [
  {
    key: "fsync-share", title: "WAL fsyncs over 16 ms", unit: "share of all", isWide: true, format: percent, floor: 0.015,
    ...limit(limits.fsyncShare, percent, true),
    queries: (s, w) => [member(
      `1 - sum by (instance) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{${s},le="0.016"}[${w}]))`
      + ` / sum by (instance) (rate(etcd_disk_wal_fsync_duration_seconds_count{${s}}[${w}]))`)],
  },
  {
    key: "fsync-p99", title: "WAL fsync p99", unit: "from etcd's histogram", isWide: true, format: latency, floor: 0.004,
    queries: (s, w) => [p99("etcd_disk_wal_fsync_duration_seconds", s, w)],
  },
  {
    key: "commit-p99", title: "Backend commit p99", unit: "", format: latency, floor: 0.004,
    ...limit(limits.commitSeconds, latency),
    queries: (s, w) => [p99("etcd_disk_backend_commit_duration_seconds", s, w)],
  },
  {
    key: "rtt-p99", title: "Peer round trip p99", unit: "from each member", format: latency, floor: 0.002,
    ...limit(limits.rttSeconds, latency),
    queries: (s, w) => [p99("etcd_network_peer_round_trip_time_seconds", s, w)],
  },
  {
    key: "requests", title: "Requests", unit: "by method", format: rate, floor: 1,
    queries: (s, w) => [{
      expression: `sum by (grpc_method) (rate(grpc_server_handled_total{${s},grpc_type="unary"}[${w}]))`,
      naming: { by: "label", label: "grpc_method" },
    }],
  },
  {
    key: "pending", title: "Proposals pending", unit: "", format: count, floor: 4,
    queries: (s) => [member(`sum by (instance) (etcd_server_proposals_pending{${s}})`)],
  },
  {
    key: "slow", title: "Slow work", unit: "a minute, all members", format: count, floor: 4,
    queries: (s) => [
      named("late heartbeats", `sum(increase(etcd_server_heartbeat_send_failures_total{${s}}[1m]))`),
      named("slow applies", `sum(increase(etcd_server_slow_apply_total{${s}}[1m]))`),
      named("slow reads", `sum(increase(etcd_server_slow_read_indexes_total{${s}}[1m]))`),
    ],
  },
  {
    key: "database", title: "DB size", unit: "largest member", format: bytes, isBinary: true,
    queries: (s) => [
      named("quota", `min(etcd_server_quota_backend_bytes{${s}})`),
      named("size", `max(etcd_mvcc_db_total_size_in_bytes{${s}})`),
      named("in use", `max(etcd_mvcc_db_total_size_in_use_in_bytes{${s}})`),
    ],
  },
  {
    key: "proposals", title: "Proposals", unit: "of the leader", format: rate, floor: 1,
    queries: (s, w) => [
      named("committed", `max(rate(etcd_server_proposals_committed_total{${s}}[${w}]))`),
      named("applied", `max(rate(etcd_server_proposals_applied_total{${s}}[${w}]))`),
      named("failed", `sum(rate(etcd_server_proposals_failed_total{${s}}[${w}]))`),
    ],
  },
  {
    key: "leader-changes", title: "Leader changes", unit: "in 15 min", format: (value) => count(value == null ? value : Math.round(value)), floor: 4,
    queries: (s) => [named("seen", `max(increase(etcd_server_leader_changes_seen_total{${s}}[15m]))`)],
  },
  {
    key: "clients", title: "Client traffic", unit: "all members", format: byteRate, floor: 1000,
    queries: (s, w) => [
      named("out", `sum(rate(etcd_network_client_grpc_sent_bytes_total{${s}}[${w}]))`),
      named("in", `sum(rate(etcd_network_client_grpc_received_bytes_total{${s}}[${w}]))`),
    ],
  },
  {
    key: "memory", title: "Memory of etcd", unit: "resident", format: bytes, isBinary: true,
    queries: (s) => [member(`sum by (instance) (process_resident_memory_bytes{${s},job="etcd"})`)],
  },
  {
    key: "cpu", title: "CPU of etcd", unit: "cores", format: (value) => value == null ? "–" : figures(value), floor: 0.1,
    queries: (s, w) => [member(`sum by (instance) (rate(process_cpu_seconds_total{${s},job="etcd"}[${w}]))`)],
  },
  {
    key: "peers", title: "Peer traffic", unit: "sent by each member", format: byteRate, floor: 1000,
    queries: (s, w) => [member(`sum by (instance) (rate(etcd_network_peer_sent_bytes_total{${s}}[${w}]))`)],
  },
];

/** `cluster="NAME"`; the name is the server's own, but quotes stay quotes. */
export const selectorFor = (cluster: string) => `cluster=${JSON.stringify(cluster)}`;
