// What uPlot does not draw: the shade of a gap, the area over a limit, the limit, the marks of events.
import type uPlot from "uplot";
import type { Line } from "./chartData";
import type { EventMark } from "./marks";
import type { ChartColours } from "./palette";

/** Behind the lines, where no series has a value between two that have one. */
export function drawGaps(plot: uPlot, lines: readonly Line[], colours: ChartColours): void {
  const times = plot.data[0];
  const isEmpty = times.map((_, index) => lines.every((line) => line.values[index] == null));
  const first = isEmpty.indexOf(false);
  const last = isEmpty.lastIndexOf(false);
  plot.ctx.fillStyle = colours.gap;
  for (let index = first; index >= 0 && index < last; index += 1) {
    if (!isEmpty[index]) continue;
    let end = index;
    while (isEmpty[end]) end += 1;
    const left = plot.valToPos(times[index - 1] ?? 0, "x", true);
    const right = plot.valToPos(times[end] ?? 0, "x", true);
    plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
    index = end;
  }
}

/** What is under a line and over the limit. */
export function drawOver(plot: uPlot, lines: readonly Line[], limit: number, colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const edge = plot.valToPos(limit, "y", true);
  if (edge <= bbox.top) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, edge - bbox.top);
  ctx.clip();
  ctx.fillStyle = colours.over;
  ctx.beginPath();
  for (const line of lines) traceUnder(plot, line, edge);
  ctx.fill(); // all at once: where lines overlap the shade is no darker
  ctx.restore();
}

function traceUnder(plot: uPlot, line: Line, base: number): void {
  const times = plot.data[0];
  let previous: number | null = null;
  line.values.forEach((value, index) => {
    const x = plot.valToPos(times[index] ?? 0, "x", true);
    if (value == null) {
      if (previous !== null) plot.ctx.lineTo(previous, base);
      previous = null;
      return;
    }
    if (previous === null) plot.ctx.moveTo(x, base);
    plot.ctx.lineTo(x, plot.valToPos(value, "y", true));
    previous = x;
  });
  if (previous !== null) plot.ctx.lineTo(previous, base);
}

export function drawLimit(plot: uPlot, limit: { value: number; name: string }, colours: ChartColours, font: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const y = Math.round(plot.valToPos(limit.value, "y", true)) + 0.5;
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = colours.limit;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = font.replace(/[\d.]+/, (size) => String(Number(size) * ratio));
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = colours.panel;
  ctx.fillStyle = colours.limit;
  ctx.strokeText(limit.name, bbox.left + 4 * ratio, y - 4 * ratio);
  ctx.fillText(limit.name, bbox.left + 4 * ratio, y - 4 * ratio);
  ctx.restore();
}

/** A glyph above the plot and a dotted line down. */
export function drawMarks(plot: uPlot, marks: readonly EventMark[], colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colours.mark;
  ctx.fillStyle = colours.markGlyph;
  ctx.lineWidth = unit;
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at / 1000, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    drawGlyph(ctx, mark.shape, x, bbox.top - 5 * unit, 4 * unit);
  }
  ctx.restore();
}

function drawGlyph(ctx: CanvasRenderingContext2D, shape: EventMark["shape"], x: number, y: number, size: number): void {
  ctx.beginPath();
  if (shape === "operation") ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI);
  else {
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, shape === "alert" ? y + size : y);
    if (shape === "election") ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, shape === "alert" ? y + size : y);
  }
  ctx.fill();
}
