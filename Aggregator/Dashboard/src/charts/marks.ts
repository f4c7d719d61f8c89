import type { FleetEvent } from "../api/events";

/** ▲ alert, ◆ election, ● anything else that happened to a member. */
export type MarkShape = "alert" | "election" | "operation";
export interface EventMark { at: number; shape: MarkShape; sentence: string }

export function markOf(event: FleetEvent): EventMark {
  const isAlert = event.kind === "alarm-raised" || event.kind === "member-down" || event.kind === "agent-silent";
  const shape = event.kind === "leader-changed" ? "election" : isAlert ? "alert" : "operation";
  return { at: event.at, shape, sentence: event.sentence };
}
