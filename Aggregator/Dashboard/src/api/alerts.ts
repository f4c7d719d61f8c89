import { get, put, remove } from "./client";
import type { Severity } from "./events";

export interface Delivery { channel: string; status: "delivered" | "retrying" | "failed"; at: number; latencySeconds?: number | null; code?: number | null; error?: string | null }

/** Why an alert is not told now. `alert`: the one that it follows from. */
export interface Suppression { reason: "silence" | "inhibition" | "acknowledgement"; silence?: string; alert?: string; until?: number | null }
export interface Acknowledgement { author: string; comment: string; at: number; until?: number | null }

export interface Alert {
  fingerprint: string;
  name: string;
  severity: Severity;
  cluster?: string | null;
  state: "pending" | "firing" | "resolved";
  sentence: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  value?: number | null;
  activeAt: number;
  firedAt?: number | null;
  delivery: Delivery[];
  suppressedBy?: Suppression[];
  acknowledgement?: Acknowledgement | null;
}

export const loadAlerts = (signal?: AbortSignal) => get<{ alerts: Alert[] }>("/api/v1/alerts", signal);

const acknowledgement = (fingerprint: string) => `/api/v1/alerts/${encodeURIComponent(fingerprint)}/acknowledgement`;

/** Takes an alert up until it ends, or for `seconds`. */
export const acknowledge = (fingerprint: string, seconds: number | null) =>
  put<Acknowledgement>(acknowledgement(fingerprint), seconds === null ? {} : { seconds });

export const withdrawAcknowledgement = (fingerprint: string) => remove(acknowledgement(fingerprint));
