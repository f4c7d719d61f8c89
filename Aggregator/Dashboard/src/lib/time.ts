// Clock times in the reader's zone, and the range of the view as the address writes it.

import { duration } from "./units";

const pad = (value: number) => String(value).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "24 Nov" */
export const day = (at: number) => `${new Date(at).getDate()} ${months[new Date(at).getMonth()]}`;

/** 02:31 */
export const hourAndMinute = (at: number) => `${pad(new Date(at).getHours())}:${pad(new Date(at).getMinutes())}`;

/** 02:31:07, the day being said elsewhere. */
export const timeOfDay = (at: number) => `${hourAndMinute(at)}:${pad(new Date(at).getSeconds())}`;

/** 02:31 today, "22 Nov 02:31" before. */
export function clock(at: number, now: number, seconds = false): string {
  const time = seconds ? timeOfDay(at) : hourAndMinute(at);
  return new Date(at).toDateString() === new Date(now).toDateString() ? time : `${day(at)} ${time}`;
}

/** The whole time, for hover. */
export const iso = (at: number) => new Date(at).toISOString();

export const zoneName = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";

/** What the address says: "now-1h" and "now", or two absolute times. */
export interface RangeText { from: string; to: string }
/** The same in milliseconds. */
export interface Range { from: number; to: number }

export const defaultRange: RangeText = { from: "now-1h", to: "now" };

export const presets = [
  { from: "now-15m", label: "Last 15 min" }, { from: "now-1h", label: "Last 1 h" }, { from: "now-6h", label: "Last 6 h" },
  { from: "now-24h", label: "Last 24 h" }, { from: "now-7d", label: "Last 7 d" },
] as const;

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function instant(text: string, now: number): number | null {
  if (text === "now") return now;
  const relative = /^now-(\d{1,6})([smhd])$/.exec(text);
  if (relative) return now - Number(relative[1]) * (unitSeconds[relative[2] ?? ""] ?? 0) * 1000;
  return /^\d{10,14}$/.test(text) ? Number(text) : null;
}

/** The default range for what cannot be read: an address is typed by people too. */
export function resolveRange(text: RangeText, now: number): Range {
  const from = instant(text.from, now);
  const to = instant(text.to, now);
  if (from === null || to === null || from >= to) return { from: now - 3_600_000, to: now };
  return { from, to };
}

export const isLive = (text: RangeText) => text.to === "now";

export function rangeLabel(text: RangeText, now: number): string {
  const preset = presets.find((known) => known.from === text.from);
  if (preset && isLive(text)) return preset.label;
  const range = resolveRange(text, now);
  if (isLive(text) && text.from.startsWith("now-")) return `Last ${duration((range.to - range.from) / 1000)}`;
  return `${clock(range.from, now)} – ${clock(range.to, now)}`;
}

/** The neighbour of a range, by half its length; absolute, and never past now. */
export function stepRange(text: RangeText, direction: 1 | -1, now: number): RangeText {
  const range = resolveRange(text, now);
  const length = range.to - range.from;
  const to = range.to + (direction * length) / 2;
  if (to >= now) {
    const seconds = Math.round(length / 1000);
    return { from: `now-${seconds}s`, to: "now" };
  }
  return { from: String(Math.round(to - length)), to: String(Math.round(to)) };
}
