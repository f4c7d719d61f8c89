import { get, post } from "./client";
import type { FleetEvent } from "./events";

export interface RuleState { cluster?: string | null; state: "pending" | "firing"; firing: number; pending: number; since?: number | null }

export interface Rule {
  id: string;
  kind: "alert" | "record";
  name: string;
  query: string;
  forSeconds: number;
  severity?: string | null;
  annotations: Record<string, string>;
  parameters: { name: string; unit: string; meaning: string; value: number }[];
  health: "unknown" | "ok" | "err";
  lastError?: string | null;
  lastDurationSeconds: number;
  clusters: RuleState[];
}

export interface RuleGroup { name: string; file: string; intervalSeconds: number; lastFailure?: string | null; rules: Rule[] }

export const loadRules = async (signal?: AbortSignal): Promise<RuleGroup[]> => (await get<{ groups: RuleGroup[] }>("/api/v1/rules", signal)).groups;

export interface Firing { labels: Record<string, string>; activeAt: number; firedAt: number; resolvedAt?: number | null; firingSeconds: number; eventCount: number; events: FleetEvent[] }
export interface Backtest { count: number; firingSeconds: number; pendingOnly: number; stepSeconds: number; tookSeconds: number; notes: string[]; firings: Firing[] }

/** A loaded rule by its id, or an expression that is true for `forSeconds`; `start` in milliseconds. */
export type Question = ({ rule: string } | { expr: string; forSeconds: number }) & { start: number; cluster?: string };

/** The server itself gives up after a minute. */
const longest = 65_000;

export const backtest = (question: Question, signal?: AbortSignal) => post<Backtest>("/api/v1/rules/backtest", question, signal, longest);
