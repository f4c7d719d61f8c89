import { get, post, remove } from "./client";

export interface Matcher { name: string; operation: "=" | "!=" | "=~" | "!~"; value: string }
export interface Hidden { fingerprint: string; name: string; cluster?: string | null; sentence?: string }

/** A silence, or a planned maintenance window. Times are milliseconds since the epoch. */
export interface Silence {
  id: string;
  kind: "silence" | "maintenance";
  state: "pending" | "active" | "expired";
  matchers: Matcher[];
  cluster?: string | null;
  startsAt: number;
  endsAt: number;
  weeklyUntil?: number | null;
  activeUntil?: number | null;
  nextStart?: number | null;
  author: string;
  comment: string;
  hides: Hidden[];
}

const path = "/api/v1/silences";

/** Those that ended lately too. */
export const loadSilences = async (cluster: string | null, signal?: AbortSignal): Promise<Silence[]> => {
  const params = new URLSearchParams({ expired: "true", ...(cluster === null ? {} : { cluster }) });
  return (await get<{ silences: Silence[] }>(`${path}?${params}`, signal)).silences;
};

export const createSilence = (matchers: readonly Matcher[], seconds: number, comment: string) => post<Silence>(path, { matchers, seconds, comment });

export const endSilence = (id: string) => remove(`${path}/${encodeURIComponent(id)}`);
