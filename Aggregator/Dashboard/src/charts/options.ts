import type { Options } from "uplot";
import type uPlot from "uplot";
import type { ChartSpec } from "./catalogue";
import type { ChartData } from "./chartData";
import { drawGaps, drawLimit, drawMarks, drawOver } from "./draw";
import type { EventMark } from "./marks";
import type { ChartColours } from "./palette";
import { ticksBetween, shortened } from "./ticks";
import { axisTime } from "./axisTime";

/** What the plot reads at draw time; it changes under a living plot. */
export interface Drawn { data: ChartData; marks: readonly EventMark[]; colours: ChartColours; from: number; to: number }

const font = "10.5px Inter, sans-serif";
/** A limit further away than this many times the values would press them flat; it is then left out. */
const limitReach = 5;

export function largestValue(data: ChartData): number {
  let largest = 0;
  for (const line of data.lines) for (const value of line.values) if (value != null && value > largest) largest = value;
  return largest;
}

export function shownLimit(spec: ChartSpec, data: ChartData): { value: number; name: string } | null {
  const { limit } = spec;
  if (!limit) return null;
  return limit.isAlwaysShown || largestValue(data) * limitReach >= limit.value ? limit : null;
}

/** From 0 up; where there are values below it, down past the lowest as well. */
function yTicks(spec: ChartSpec, data: ChartData): number[] {
  const lowest = data.lines.reduce((low, line) => line.values.reduce<number>((least, value) => Math.min(least, value ?? 0), low), 0);
  const highest = Math.max(largestValue(data), spec.floor ?? 0, (shownLimit(spec, data)?.value ?? 0) * 1.1);
  return ticksBetween(lowest, highest, spec.isBinary === true);
}

/** Nothing so near the left edge that it would run into the zero of the other axis. */
function timeLabel(plot: uPlot, at: number, length: number): string {
  const text = axisTime(at, length);
  return plot.valToPos(at, "x") < text.length * 3 ? "" : text;
}

/** Options of a plot whose data, marks, colours and range are read from `drawn()` whenever it draws. */
export function plotOptions(spec: ChartSpec, size: { width: number; height: number }, drawn: () => Drawn, zoom: (from: number, to: number) => void): Options {
  const axis = { font, stroke: () => drawn().colours.axis, ticks: { show: false } };
  const lineColour = (_: uPlot, series: number) => drawn().colours.series[(drawn().data.lines[series - 1]?.colour ?? 1) - 1] ?? "";
  return {
    ...size,
    padding: [12, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      bind: { mousedown: (_, __, start) => (event) => { if (event.button === 0 && !event.shiftKey) start(event); } },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 8, width: 1.75, fill: () => drawn().colours.panel, stroke: lineColour },
    },
    scales: {
      x: { time: true, range: () => [drawn().from, drawn().to] },
      y: { range: () => { const ticks = yTicks(spec, drawn().data); return [ticks[0] ?? 0, ticks[ticks.length - 1] ?? 1]; } },
    },
    axes: [
      { ...axis, size: 22, gap: 4, space: 56, grid: { show: false }, values: (plot, splits) => splits.map((at) => timeLabel(plot, at, drawn().to - drawn().from)) },
      {
        ...axis, gap: 6, size: (_, values) => 14 + 6.2 * Math.max(0, ...(values ?? []).map((text) => text.length)),
        grid: { show: true, stroke: drawn().colours.grid, width: 1 },
        splits: () => yTicks(spec, drawn().data),
        values: (_, splits) => splits.map((value) => shortened(spec.format(value))),
      },
    ],
    series: [{}, ...drawn().data.lines.map((line) => ({
      label: line.name, stroke: lineColour, width: 1.5, points: { show: false }, spanGaps: false, ...(line.isDashed ? { dash: [6, 3] } : {}),
    }))],
    hooks: {
      drawClear: [(plot) => drawGaps(plot, drawn().data.lines, drawn().colours)],
      drawAxes: [(plot) => {
        const limit = shownLimit(spec, drawn().data);
        if (limit) drawOver(plot, drawn().data.lines, limit.value, drawn().colours);
      }],
      draw: [(plot) => {
        const limit = shownLimit(spec, drawn().data);
        if (limit) drawLimit(plot, limit, drawn().colours, font);
        drawMarks(plot, drawn().marks, drawn().colours);
      }],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 6) return;
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
      }],
    },
  };
}
