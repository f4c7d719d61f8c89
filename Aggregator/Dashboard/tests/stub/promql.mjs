// What Explore asks: names, labels, values, one instant; and a parse error for a parenthesis that is not closed.
const metrics = {
  etcd_server_has_leader: ["gauge", "Whether or not a leader exists."],
  etcd_mvcc_db_total_size_in_bytes: ["gauge", "Total size of the underlying database."],
};
const good = (data) => ({ status: 200, body: { status: "success", data } });

/** Null for what is answered elsewhere. */
export function answerPromQL(path, params, clusters) {
  const query = params.get("query") ?? "";
  if (/query(_range)?$/.test(path) && query.split("(").length !== query.split(")").length) {
    return { status: 400, body: { status: "error", errorType: "bad_data", error: `1:${query.indexOf("(") + 1}: parse error: unclosed left parenthesis` } };
  }
  if (path === "/prometheus/api/v1/metadata") return good(Object.fromEntries(Object.entries(metrics).map(([name, [type, help]]) => [name, [{ type, help, unit: "" }]])));
  if (path === "/prometheus/api/v1/label/__name__/values") return good(Object.keys(metrics));
  if (path === "/prometheus/api/v1/labels") return good(["__name__", "cluster", "instance"]);
  if (path === "/prometheus/api/v1/label/cluster/values") return good(clusters.map((cluster) => cluster.name));
  const names = query.includes("nothing") ? [] : clusters.slice(0, query.includes("many") ? 12 : 3).map((cluster) => cluster.name);
  if (path === "/prometheus/api/v1/query") return good({ resultType: "vector", result: names.map((cluster) => ({ metric: { cluster }, value: [Number(params.get("time")), "1"] })) });
  if (path === "/prometheus/api/v1/query_range" && query.includes("etcd_server_has_leader")) {
    const [start, end, step] = ["start", "end", "step"].map((key) => Number(params.get(key)));
    const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
    return good({ resultType: "matrix", result: names.map((cluster, index) => ({ metric: { cluster }, values: times.map((time) => [time, String(index + Math.sin(time / 300))]) })) });
  }
  return null;
}
