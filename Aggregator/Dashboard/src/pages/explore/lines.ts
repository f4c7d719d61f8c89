import type { Grid, Series } from "../../api/series";
import type { ChartData } from "../../charts/chartData";
import { gridTimes, onGrid } from "../../charts/grid";

export const drawnLines = 8;

/** `name{label="value", …}`, labels in order. */
export function seriesName(metric: Record<string, string>): string {
  const labels = Object.keys(metric).filter((key) => key !== "__name__").sort().map((key) => `${key}=${JSON.stringify(metric[key])}`);
  return `${metric["__name__"] ?? ""}${labels.length > 0 || metric["__name__"] === undefined ? `{${labels.join(", ")}}` : ""}`;
}

/** The series that reach furthest from zero, as many as have a colour of their own. */
export function drawnSeries(series: readonly Series[], grid: Grid): ChartData {
  const found = series.map((one) => ({ name: seriesName(one.metric), values: onGrid(one.values, grid) }));
  const reach = (values: readonly (number | null)[]) => values.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const kept = found.length <= drawnLines ? found : [...found].sort((a, b) => reach(b.values) - reach(a.values)).slice(0, drawnLines);
  return { grid, times: gridTimes(grid), lines: kept.map((line, index) => ({ ...line, colour: index + 1, isDashed: index >= 4 })) };
}
