// When alerts fired, read from the series that rules leave behind (ALERTS).
import type { Series } from "../../api/series";

export interface Past { name: string; cluster: string | null; severity: string; labels: Record<string, string>; from: number; to: number; /** It still fires at the end of what was asked for. */ isOpen: boolean }

const plain = new Set(["__name__", "alertname", "alertstate", "severity", "cluster", "job"]);

/** One entry for each stretch without a gap, newest first. `step` and `end` in seconds, the entries' times in milliseconds. */
export function firedIntervals(series: readonly Series[], step: number, end: number): Past[] {
  const found = series.flatMap(({ metric, values }) => {
    const stretches: [number, number][] = [];
    for (const [at] of values) {
      const last = stretches[stretches.length - 1];
      if (last && at - last[1] <= step * 1.5) last[1] = at;
      else stretches.push([at, at]);
    }
    const labels = Object.fromEntries(Object.entries(metric).filter(([name]) => !plain.has(name)));
    return stretches.map(([from, to]): Past => ({
      name: metric["alertname"] ?? "", cluster: metric["cluster"] ?? null, severity: metric["severity"] ?? "info", labels,
      from: from * 1000, to: (to + step) * 1000, isOpen: to >= end - step / 2,
    }));
  });
  return found.sort((a, b) => b.from - a.from || a.name.localeCompare(b.name));
}
