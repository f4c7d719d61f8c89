import type { ClusterSummary } from "../../api/clusters";
import { statusOrder, worstFirst } from "../../lib/worst";
import { agentHeardAt, quotaShare } from "./facts";

export interface Column { key: string; label: string; isNumber?: boolean; value?: (cluster: ClusterSummary) => number | string }

/** The table's columns; those with `value` can be sorted by. */
export const columns: readonly Column[] = [
  { key: "name", label: "Cluster", value: (cluster) => cluster.name },
  { key: "members", label: "Members", value: (cluster) => cluster.members.total },
  { key: "margin", label: "Can lose", isNumber: true, value: (cluster) => cluster.quorum.margin },
  { key: "leader", label: "Leader, since", value: (cluster) => cluster.leader?.since ?? 0 },
  { key: "requests", label: "Requests", isNumber: true, value: (cluster) => cluster.requestsPerSecond ?? -1 },
  { key: "spark", label: "1 h" },
  { key: "quota", label: "DB of quota", value: (cluster) => quotaShare(cluster) ?? -1 },
  { key: "fsync", label: "Over 16 ms", isNumber: true, value: (cluster) => cluster.walFsync?.shareOver16ms ?? -1 },
  { key: "p99", label: "WAL p99", isNumber: true, value: (cluster) => cluster.walFsync?.p99Seconds ?? -1 },
  { key: "age", label: "Agent", isNumber: true, value: (cluster) => -(agentHeardAt(cluster) ?? 0) },
  { key: "version", label: "Version", value: (cluster) => cluster.versions[0] ?? "" },
  { key: "history", label: "24 h" },
];

export interface Sort { key: string; isDescending: boolean }

/** "-requests" is falling, "name" rising; anything else the default. */
export function readSort(text: string, fallback: Sort): Sort {
  const key = text.replace(/^-/, "");
  return columns.some((column) => column.key === key && column.value) ? { key, isDescending: text.startsWith("-") } : fallback;
}

export const writeSort = (sort: Sort) => `${sort.isDescending ? "-" : ""}${sort.key}`;

export function sorted(clusters: readonly ClusterSummary[], sort: Sort): ClusterSummary[] {
  const value = columns.find((column) => column.key === sort.key)?.value;
  if (!value) return worstFirst(clusters);
  const compare = (a: number | string, b: number | string) =>
    typeof a === "string" && typeof b === "string" ? a.localeCompare(b) : Number(a) - Number(b);
  const direction = sort.isDescending ? -1 : 1;
  return [...clusters].sort((a, b) => direction * compare(value(a), value(b)) || a.name.localeCompare(b.name));
}

/** Every word must occur in the name, the status word, the cause, a version or the leader's name. */
export function filtered(clusters: readonly ClusterSummary[], text: string, status: string): ClusterSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const isKnown = (statusOrder as readonly string[]).includes(status);
  return clusters.filter((cluster) => {
    if (isKnown && cluster.status !== status) return false;
    const haystack = [cluster.name, cluster.status, cluster.cause, ...cluster.versions, cluster.leader?.member ?? ""].join(" ").toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}
