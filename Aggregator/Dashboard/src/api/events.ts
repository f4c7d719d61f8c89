import { get } from "./client";

export type Severity = "info" | "warning" | "critical";

/** What the fleet says happened; see the server's FleetEvent. */
export interface FleetEvent {
  id: string;
  at: number;
  cluster: string;
  kind: string;
  severity: Severity;
  member?: string | null;
  node?: string | null;
  sentence: string;
  /** What the kind adds: a leader change its `term`. */
  detail?: Record<string, string>;
}

export const eventKinds = [
  "leader-changed", "member-down", "member-up", "member-added", "member-removed", "member-restarted", "learner-promoted",
  "alarm-raised", "alarm-cleared", "agent-silent", "agent-back", "agent-enrolled", "agent-revoked",
] as const;

export interface EventPage { events: FleetEvent[]; next?: string | null }

export interface EventQuery { cluster?: string; kind?: string; before?: string; limit?: number }

/** Newest first; `next` is the `before` of the following page. */
export function loadEvents(query: EventQuery, signal?: AbortSignal): Promise<EventPage> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, String(value));
  return get<EventPage>(`/api/v1/events?${params}`, signal);
}
