import { get, post } from "./client";

/** One notification on one channel, with what became of it. */
export interface LedgerEntry {
  id: string;
  channel: string;
  insteadOf?: string | null;
  status: "waiting" | "delivered" | "retrying" | "failed";
  tells?: string;
  alert?: string | null;
  cluster?: string | null;
  alerts?: number;
  attempts: number;
  at: number;
  nextAttempt?: number | null;
  latencySeconds?: number | null;
  code?: number | null;
  error?: string | null;
}

export interface Channel {
  name: string;
  kind: string;
  managed?: "configuration" | "api";
  target?: string;
  fallback?: string | null;
  health?: "unused" | "ok" | "failing";
  waiting?: number;
  lastDelivered?: LedgerEntry | null;
  lastFailed?: LedgerEntry | null;
}

export interface Heartbeat { lastBeat?: number | null; trouble?: string | null }
export interface TestResult { delivered: boolean; code?: number | null; latencySeconds: number; error?: string | null; fallback?: string | null; fallbackDelivered?: boolean }

export const loadChannels = (signal?: AbortSignal) => get<{ channels: Channel[]; heartbeat?: Heartbeat | null }>("/api/v1/channels", signal);

export const testChannel = (name: string) => post<TestResult>(`/api/v1/channels/${encodeURIComponent(name)}/test`, {}, undefined, 65_000);

/** Newest first; `next` is the `before` of the following page. */
export function loadDeliveries(query: { channel?: string; status?: string; before?: string }, signal?: AbortSignal) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  return get<{ deliveries: LedgerEntry[]; next?: string | null }>(`/api/v1/deliveries?${params}`, signal);
}
