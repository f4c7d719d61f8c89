import type { ClusterSummary, HealthStatus } from "../api/clusters";

export const statusOrder: readonly HealthStatus[] = ["critical", "degraded", "unknown", "maintenance", "healthy"];
const rank = (status: HealthStatus) => statusOrder.indexOf(status);

/** Critical first; within a status the one with the smaller quorum margin, then the busier one, then by name. */
export function worstFirst(clusters: readonly ClusterSummary[]): ClusterSummary[] {
  return [...clusters].sort((a, b) =>
    rank(a.status) - rank(b.status)
    || (a.status === "healthy" ? 0 : a.quorum.margin - b.quorum.margin)
    || (b.requestsPerSecond ?? 0) - (a.requestsPerSecond ?? 0)
    || a.name.localeCompare(b.name));
}

/** "ledger-prod is down. 3 more are degraded." */
export function headline(clusters: readonly ClusterSummary[]): string {
  if (clusters.length === 0) return "No cluster yet";
  const by = (status: HealthStatus) => clusters.filter((cluster) => cluster.status === status);
  const critical = by("critical");
  const degraded = by("degraded");
  const unseen = by("unknown");
  const sentences: string[] = [];
  if (critical.length > 0) sentences.push(`${named(critical)} ${verb(critical, "critical")}.`);
  if (degraded.length > 0) {
    const subject = critical.length === 0 ? named(degraded) : `${degraded.length} more`;
    sentences.push(`${subject} ${verb(degraded, "degraded")}.`);
  }
  if (sentences.length < 2 && unseen.length > 0) sentences.push(`${named(unseen)} ${unseen.length === 1 ? "is" : "are"} not seen.`);
  const held = by("maintenance").length;
  if (sentences.length === 0 && held > 0) return `Nothing is wrong. ${held} in maintenance.`;
  if (sentences.length === 0) return clusters.length === 1 ? `${clusters[0]?.name} is healthy` : `All ${clusters.length} clusters are healthy`;
  return sentences.join(" ");
}

const named = (some: readonly ClusterSummary[]) =>
  some.length <= 2 ? some.map((cluster) => cluster.name).join(" and ") : `${some.length} clusters`;

const verb = (some: readonly ClusterSummary[], word: string) => `${some.length === 1 ? "is" : "are"} ${word}`;
