// From answers to lines: named, coloured, on one grid.
import { queryRange, type Grid, type Series } from "../api/series";
import { selectorFor, type ChartQuery, type ChartSpec } from "./catalogue";
import { gridTimes, onGrid, rateWindow } from "./grid";

export interface Line { name: string; /** 1 … 8 of the series colours. */ colour: number; isDashed: boolean; values: (number | null)[] }
export interface ChartData { grid: Grid; times: number[]; lines: Line[] }

const shownLines = 8;

/** Which member an `instance` label means. Sorted by name: the order gives each its colour on every chart. */
export interface MemberNames { byInstance: ReadonlyMap<string, string>; ordered: readonly string[] }

export function memberNames(members: readonly { name: string; instance?: string | null | undefined }[]): MemberNames {
  const byInstance = new Map(members.flatMap((member) => member.instance ? [[member.instance, member.name] as const] : []));
  return { byInstance, ordered: members.map((member) => member.name).sort((a, b) => a.localeCompare(b)) };
}

interface Named { name: string; member: number | null; values: (number | null)[] }

function nameOf(series: Series, query: ChartQuery, names: MemberNames): Pick<Named, "name" | "member"> {
  if (query.naming.by === "name") return { name: query.naming.name, member: null };
  if (query.naming.by === "label") return { name: series.metric[query.naming.label] ?? "other", member: null };
  const instance = series.metric["instance"] ?? "";
  const name = names.byInstance.get(instance) ?? instance;
  return { name, member: names.ordered.indexOf(name) };
}

const largest = (line: Named) => Math.max(0, ...line.values.map((value) => value ?? 0));

/** The largest first, without those that never happened: etcd counts forty methods, of which a cluster uses a few. */
export function busiest(lines: readonly Named[]): Named[] {
  return lines.filter((line) => largest(line) > 0).sort((a, b) => largest(b) - largest(a));
}

function summed(lines: readonly Named[]): Named {
  const values = (lines[0]?.values ?? []).map((_, index) => {
    const present = lines.map((line) => line.values[index]).filter((value): value is number => value != null);
    return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0);
  });
  return { name: `${lines.length} others`, member: null, values };
}

/** Members keep colours 1, 2, 3 …; kinds count back from 8, so the two never meet. Over eight: the top seven and the rest. */
export function colourLines(found: readonly Named[]): Line[] {
  const isMembers = found.some((line) => line.member !== null);
  const ordered = isMembers ? [...found].sort((a, b) => (a.member ?? 0) - (b.member ?? 0)) : [...found];
  let kept = ordered;
  if (ordered.length > shownLines) {
    const top = [...ordered].sort((a, b) => largest(b) - largest(a));
    const first = new Set(top.slice(0, shownLines - 1));
    kept = [...ordered.filter((line) => first.has(line)), summed(top.slice(shownLines - 1))];
  }
  return kept.map((line, index) => {
    const place = isMembers ? (line.member === null || line.member < 0 ? index : line.member) % 8 : 7 - (index % 8);
    return { name: line.name, colour: place + 1, isDashed: kept.length > 4 && (isMembers ? place >= 4 : index >= 4), values: line.values };
  });
}

/** All queries of a chart on one grid. */
export async function loadChart(
  spec: ChartSpec, cluster: string, grid: Grid, names: MemberNames, signal: AbortSignal,
): Promise<ChartData> {
  const queries = spec.queries(selectorFor(cluster), rateWindow(grid));
  const answers = await Promise.all(queries.map((query) => queryRange(query.expression, grid, signal)));
  const found = answers.flatMap((series, index) => series.map((one): Named => ({
    ...nameOf(one, queries[index] as ChartQuery, names), values: onGrid(one.values, grid),
  })));
  const isOpen = queries.some((query) => query.naming.by === "label");
  return { grid, times: gridTimes(grid), lines: colourLines(isOpen ? busiest(found) : found) };
}

export const lastValue = (line: Line): number | null => {
  for (let index = line.values.length - 1; index >= 0; index -= 1) {
    const value = line.values[index];
    if (value != null) return value;
  }
  return null;
};

/** Seconds for which the worst line has been over `limit` without a break up to its end; null if it is not. */
export function overFor(data: ChartData, limit: number): number | null {
  let longest: number | null = null;
  for (const line of data.lines) {
    let run = 0;
    for (let index = line.values.length - 1; index >= 0; index -= 1) {
      const value = line.values[index];
      if (value == null && run === 0) continue;
      if (value == null || value <= limit) break;
      run += 1;
    }
    if (run > 0) longest = Math.max(longest ?? 0, run * data.grid.step);
  }
  return longest;
}
