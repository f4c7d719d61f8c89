import type { ClusterSummary } from "../../api/clusters";
import { bytes, latency, percent, rate, unknown } from "../../lib/units";

/** Of the fullest member; null while the quota is unknown. */
export function quotaShare(cluster: Pick<ClusterSummary, "database">): number | null {
  const database = cluster.database;
  return database?.quotaBytes ? database.sizeBytes / database.quotaBytes : null;
}

export function marginText({ quorum, status }: Pick<ClusterSummary, "quorum" | "status">): string {
  if (status === "unknown") return "not seen";
  return quorum.margin >= 0 ? `can lose ${quorum.margin}` : `needs ${-quorum.margin} more`;
}

export interface Fact { value: string; sub: string; isOver: boolean }

export function databaseFact(cluster: ClusterSummary): Fact {
  const share = quotaShare(cluster);
  const size = cluster.database ? bytes(cluster.database.sizeBytes) : unknown;
  if (share === null) return { value: size, sub: "quota unknown", isOver: false };
  return { value: percent(share), sub: size, isOver: cluster.database?.isOver === true };
}

/** The share first: the p99 of a histogram of powers of two is only a bucket. */
export function fsyncFact({ walFsync }: ClusterSummary): Fact {
  if (!walFsync) return { value: unknown, sub: "", isOver: false };
  return {
    value: percent(walFsync.shareOver16ms), sub: `p99 ${latency(walFsync.p99Seconds)}`,
    isOver: walFsync.isOver,
  };
}

export const requestFact = (cluster: ClusterSummary) => rate(cluster.requestsPerSecond);

/** "3.5.1", or "3.4.23 – 3.5.1" while they differ. */
export const versionText = ({ versions }: Pick<ClusterSummary, "versions">) =>
  versions.length > 1 ? `${versions[0]} – ${versions[versions.length - 1]}` : versions[0] ?? unknown;

/** When the quietest agent was last heard, milliseconds since the epoch. */
export const agentHeardAt = (cluster: ClusterSummary) =>
  cluster.agents.total === 0 ? null : cluster.updatedAt - cluster.agents.oldestSeconds * 1000;
