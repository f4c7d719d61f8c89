// Made-up series for the stub: the same instant always has the same value, so that reloads show the same lines.

const wave = (time, seed) => Math.sin(time / (47 + seed * 13) + seed) * 0.5 + Math.sin(time / (11 + seed) + seed * 7) * 0.3;
const noise = (time, seed) => {
  const x = Math.sin(time * 12.9898 + seed * 78.233) * 43758.5453;
  return x - Math.floor(x);
};
const around = (base, spread) => (time, seed) => Math.max(0, base * (1 + spread * (wave(time, seed) + noise(time, seed) - 0.5)));

const slow = (usual, high) => (time, seed, isSlow, now) =>
  around(isSlow && time > now - 2640 ? high : usual, isSlow ? 0.25 : 0.3)(time, seed);

const members = [
  ["etcd_disk_wal_fsync_duration_seconds_bucket{", slow(0.0008, 0.142), /0\.016/],
  ["etcd_disk_wal_fsync", slow(0.0031, 0.061)],
  ["etcd_disk_backend_commit", slow(0.0055, 0.052)],
  ["peer_round_trip", slow(0.0009, 0.0056)],
  ["proposals_pending", (time, seed, isSlow) => Math.round(around(isSlow ? 14 : 2, 0.6)(time, seed))],
  ["resident_memory", around(96 * 1024 ** 2, 0.04)],
  ["process_cpu", around(0.08, 0.4)],
  ["peer_sent", around(2.2e6, 0.15)],
];

const single = [
  ["proposals_committed", around(420, 0.15)], ["proposals_applied", around(419, 0.15)], ["proposals_failed", () => 0],
  ["leader_changes", (time, _seed, _slow, now) => (time > now - 2200 && time < now - 1300 ? 1 : 0)],
  ["quota_backend", () => 8 * 1024 ** 3], ["total_size_in_use", around(1.14 * 1024 ** 3, 0.01)], ["total_size_in_bytes", () => 3.31 * 1024 ** 3],
  ["client_grpc_sent", around(3.1e6, 0.2)], ["client_grpc_received", around(0.9e6, 0.2)],
  ["heartbeat_send", () => 0], ["slow_apply", around(2, 0.8)], ["slow_read", () => 0],
];

const methods = { Range: 1176, Put: 398, Txn: 274, Status: 3, LeaseGrant: 12, DeleteRange: 41 };

/** The answer of query_range: `detail` is the cluster, `gap` two times between which there is nothing. */
export function answerRange(params, detail, now, gap, seriesPerChart) {
  const query = params.get("query") ?? "";
  const [start, end, step] = ["start", "end", "step"].map((key) => Number(params.get(key)));
  const values = (make, seed, isSlow) => {
    const points = [];
    for (let time = start; time <= Math.min(end, now); time += step) {
      if (gap && time > gap[0] && time < gap[1]) continue;
      points.push([time, String(make(time, seed, isSlow, now))]);
    }
    return points;
  };
  const known = members.find(([name, , and]) => query.includes(name) && (!and || and.test(query)));
  if (known) {
    const instances = seriesPerChart
      ? Array.from({ length: seriesPerChart }, (_, index) => ({ instance: `host-${index}:2379`, status: "healthy" }))
      : detail.members;
    return instances.map((member, index) => ({
      metric: { instance: member.instance }, values: values(known[1], index + 1, member.status === "degraded"),
    }));
  }
  if (query.includes("grpc_method")) {
    return Object.entries(methods).map(([method, base], index) => ({ metric: { grpc_method: method }, values: values(around(base, 0.1), index + 1) }));
  }
  const one = single.find(([name]) => query.includes(name));
  return one ? [{ metric: {}, values: values(one[1], 3) }] : [];
}

/** The request rate of each cluster that is seen. */
export function answerSparks(params, clusters) {
  const [start, end, step] = ["start", "end", "step"].map((key) => Number(params.get(key)));
  return clusters.filter((cluster) => cluster.requestsPerSecond != null).map((cluster, index) => {
    const values = [];
    for (let time = start; time <= end; time += step) values.push([time, String(around(cluster.requestsPerSecond, 0.3)(time, index + 1))]);
    return { metric: { cluster: cluster.name }, values };
  });
}
