import type { Alert } from "../../api/alerts";
import type { Leader } from "../../api/clusters";
import type { FleetEvent } from "../../api/events";
import type { Range } from "../../lib/time";

export interface Segment { from: number; to: number; label: string }

/** Who led when: from the elections, newest first, and who leads now. Times are milliseconds since the epoch. */
export function leaderSegments(events: readonly FleetEvent[], leader: Leader | null | undefined, range: Range): Segment[] {
  const elections = events.filter((event) => event.kind === "leader-changed" && event.at <= range.to);
  const segments: Segment[] = [];
  let to = range.to;
  elections.forEach((election, index) => {
    if (to <= range.from) return;
    const name = election.member ?? "no leader";
    const isNow = index === 0 && leader?.member === election.member;
    const term = election.detail?.["term"] ?? (isNow ? leader?.term : undefined);
    segments.push({ from: Math.max(range.from, election.at), to, label: term === undefined ? name : `${name} · term ${term}` });
    to = Math.max(range.from, election.at);
  });
  const isWholeRange = elections.length === 0 && leader != null && leader.since < range.to;
  if (isWholeRange) segments.push({ from: Math.max(range.from, leader.since), to, label: `${leader.member} · term ${leader.term}` });
  return segments.reverse();
}

/** Active alerts as bars from when they began. */
export function alertSegments(alerts: readonly Alert[], range: Range): (Segment & { isCritical: boolean })[] {
  return alerts
    .filter((alert) => alert.state === "firing" && alert.activeAt < range.to)
    .sort((a, b) => Number(b.severity === "critical") - Number(a.severity === "critical") || a.activeAt - b.activeAt)
    .map((alert) => ({ from: Math.max(range.from, alert.activeAt), to: range.to, label: alert.name, isCritical: alert.severity === "critical" }));
}

export const memberKinds = ["member-down", "member-up", "member-added", "member-removed", "member-restarted", "learner-promoted", "alarm-raised", "alarm-cleared"];
export const agentKinds = ["agent-silent", "agent-back", "agent-enrolled", "agent-revoked"];

export const eventsOf = (events: readonly FleetEvent[], kinds: readonly string[], range: Range) =>
  events.filter((event) => kinds.includes(event.kind) && event.at >= range.from && event.at <= range.to);

const dotRoom = 8;

/** Where the words of each dot begin, null where they would hide a neighbour. Dots come from left to right. */
export function placeWords(dots: readonly { x: number; width: number }[], left: number, right: number): (number | null)[] {
  let taken = left;
  return dots.map((dot, index) => {
    const next = dots[index + 1];
    const rightEnd = dot.x + dotRoom + dot.width;
    const isRightFree = rightEnd <= right && (next === undefined || rightEnd <= next.x - dotRoom);
    const isLeftFree = dot.x - dotRoom - dot.width >= taken;
    const start = isRightFree ? dot.x + dotRoom : isLeftFree ? dot.x - dotRoom - dot.width : null;
    taken = isRightFree ? rightEnd + dotRoom : dot.x + dotRoom;
    return start;
  });
}
