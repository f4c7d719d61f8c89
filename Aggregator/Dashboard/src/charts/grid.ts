// Which instants a chart asks for: few enough for its pixels, and the same ones for every chart of a page.
import type { Grid } from "../api/series";
import type { Range } from "../lib/time";

const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
/** Agents measure every 5 s: nothing finer exists. */
const finestSeconds = 5;

/**
 * At most one point per pixel, on multiples of the step, so that the points of two requests are the same instants.
 * - Parameters: `range` in milliseconds; `pixels`: the width of the narrowest chart; `chosenStep`: the reader's own, in seconds.
 */
export function makeGrid(range: Range, pixels: number, chosenStep?: number): Grid {
  const wanted = Math.max(finestSeconds, (range.to - range.from) / 1000 / Math.max(60, pixels));
  const step = chosenStep ?? steps.find((candidate) => candidate >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
  return { start: Math.ceil(range.from / 1000 / step) * step, end: Math.floor(range.to / 1000 / step) * step, step };
}

/** The window of rate(): a minute, or the whole step when that is longer, so that no burst falls between two points. */
export const rateWindow = (grid: Grid) => `${Math.max(60, grid.step)}s`.replace(/^60s$/, "1m");

export function gridTimes(grid: Grid): number[] {
  const count = Math.max(0, Math.floor((grid.end - grid.start) / grid.step) + 1);
  return Array.from({ length: count }, (_, index) => grid.start + index * grid.step);
}

/** One value per instant of the grid, null where there is none: a gap is never drawn as a line. */
export function onGrid(values: readonly [number, string][], grid: Grid): (number | null)[] {
  const cells: (number | null)[] = gridTimes(grid).map(() => null);
  for (const [time, text] of values) {
    const index = Math.round((time - grid.start) / grid.step);
    const value = Number(text);
    if (index >= 0 && index < cells.length && Number.isFinite(value)) cells[index] = value;
  }
  return cells;
}
