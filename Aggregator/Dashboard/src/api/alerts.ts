import { get } from "./client";
import type { Severity } from "./events";

export interface Delivery { channel: string; status: "delivered" | "retrying" | "failed"; at: number; latencySeconds?: number | null }

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
}

export const loadAlerts = (signal?: AbortSignal) => get<{ alerts: Alert[] }>("/api/v1/alerts", signal);
