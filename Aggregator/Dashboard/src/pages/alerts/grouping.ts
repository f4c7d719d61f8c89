import type { Alert } from "../../api/alerts";
import type { Severity } from "../../api/events";
import { serverNow } from "../../lib/clock";
import { clock } from "../../lib/time";

const rank: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

export const fleetGroup = "The monitor itself";

export function filteredAlerts(alerts: readonly Alert[], text: string, state: string): Alert[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return alerts.filter((alert) => {
    if (state !== "" && alert.state !== state) return false;
    const labels = Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`);
    const haystack = [alert.name, alert.cluster ?? "", alert.sentence, alert.severity, ...labels].join(" ").toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}

/** By cluster, the cluster with the worst alert first; firing before pending, then the oldest first. */
export function groupedAlerts(alerts: readonly Alert[]): [string, Alert[]][] {
  const ordered = [...alerts].sort((a, b) =>
    Number(a.state === "pending") - Number(b.state === "pending") || rank[a.severity] - rank[b.severity] || a.activeAt - b.activeAt);
  const groups = new Map<string, Alert[]>();
  for (const alert of ordered) {
    const name = alert.cluster ?? fleetGroup;
    groups.set(name, [...(groups.get(name) ?? []), alert]);
  }
  return [...groups];
}

/** "6 alerts fire in 4 clusters" */
export function alertHeadline(alerts: readonly Alert[]): string {
  const firing = alerts.filter((alert) => alert.state === "firing");
  if (firing.length === 0) return alerts.length === 0 ? "Nothing fires" : `Nothing fires; ${alerts.length} pending`;
  const clusters = new Set(firing.map((alert) => alert.cluster ?? fleetGroup)).size;
  const subject = firing.length === 1 ? "1 alert fires" : `${firing.length} alerts fire`;
  return `${subject} in ${clusters === 1 ? "1 cluster" : `${clusters} clusters`}`;
}

/** "3 of 3, 2.1 s", and whether something is wrong with it. */
export function deliveryText(alert: Alert): { text: string; isWrong: boolean } {
  if (alert.delivery.length === 0) return { text: "not sent", isWrong: false };
  const done = alert.delivery.filter((delivery) => delivery.status === "delivered");
  const wrong = alert.delivery.find((delivery) => delivery.status !== "delivered");
  const slowest = Math.max(...done.map((delivery) => delivery.latencySeconds ?? 0));
  const counted = `${done.length} of ${alert.delivery.length}`;
  if (wrong) return { text: `${counted}, ${wrong.channel}: ${wrong.status}`, isWrong: true };
  return { text: slowest > 0 ? `${counted}, ${slowest.toFixed(1)}\u202fs` : counted, isWrong: false };
}

const clockTime = (at: number | null | undefined) => at == null ? "" : ` until ${clock(at, serverNow())}`;

/** "Firing", "Pending", or why it is not told: "Acknowledged by ada", "Silenced until 03:26", "Held back by EtcdHostDown". */
export function stateText(alert: Alert): string {
  const reasons = alert.suppressedBy ?? [];
  const silence = reasons.find((one) => one.reason === "silence");
  if (silence) return `Silenced${clockTime(silence.until)}`;
  const cause = reasons.find((one) => one.reason === "inhibition");
  if (cause) return cause.alert ? `Held back by ${cause.alert}` : "Held back";
  if (alert.acknowledgement) return `Ack ${alert.acknowledgement.author}${clockTime(alert.acknowledgement.until)}`;
  return alert.state === "firing" ? "Firing" : "Pending";
}
