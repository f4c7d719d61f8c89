import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import uPlot, { type Data } from "uplot";
import { navigate } from "../lib/router";
import { onThemeChange } from "../lib/theme";
import { timeOfDay, type Range } from "../lib/time";
import { addressWithRange } from "../lib/useRange";
import { useWidth } from "../lib/useWidth";
import type { ChartSpec } from "./catalogue";
import type { ChartData } from "./chartData";
import { crosshair, nearestIndex } from "./crosshair";
import type { EventMark } from "./marks";
import { plotOptions, type Drawn } from "./options";
import { chartColours } from "./palette";
import { panByDragging } from "./pan";

const wideHeight = 190;
const height = 165;

const plotData = (data: ChartData): Data => [data.times, ...data.lines.map((line) => line.values)];

function zoomTo(from: number, to: number): void {
  navigate(addressWithRange({ from: String(Math.round(from * 1000)), to: String(Math.round(to * 1000)) }));
}

/** Shows the page's crosshair in `plot`, and feeds it from the pointer. */
function followCrosshair(plot: uPlot): () => void {
  const show = () => {
    const at = crosshair.value;
    plot.setCursor(at === null ? { left: -10, top: -10 } : { left: plot.valToPos(at, "x"), top: 1 });
  };
  const move = (event: MouseEvent) => {
    const times = plot.data[0];
    const index = nearestIndex(times, plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x"));
    crosshair.set(times[index] ?? null);
  };
  const leave = () => crosshair.set(null);
  plot.over.addEventListener("mousemove", move);
  plot.over.addEventListener("mouseleave", leave);
  return crosshair.subscribe(show);
}

/** What the crosshair shows, for those who move it by keys and hear it. */
function spokenValues(spec: ChartSpec, data: ChartData, index: number): string {
  const values = data.lines.map((line) => `${line.name} ${spec.format(line.values[index])}`);
  return `${timeOfDay((data.times[index] ?? 0) * 1000)}: ${values.join(", ")}`;
}

/** The drawing of a chart: uPlot in a box that takes part in the page by keyboard and in words. */
export function Plot({ spec, data, marks, range, label }: {
  spec: ChartSpec; data: ChartData; marks: readonly EventMark[]; range: Range; label: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const plot = useRef<uPlot | null>(null);
  const [theme, setTheme] = useState(0);
  const [spoken, setSpoken] = useState("");
  const drawn = useRef<Drawn>({ data, marks, colours: chartColours(), from: 0, to: 1 });
  drawn.current = { ...drawn.current, data, marks, from: range.from / 1000, to: range.to / 1000 };
  const shape = `${width} ${theme} ${data.lines.map((line) => `${line.name}${line.colour}`).join()}`;

  useEffect(() => onThemeChange(() => setTheme((n) => n + 1)), []);

  useEffect(() => {
    if (!box.current || width === 0) return undefined;
    drawn.current.colours = chartColours();
    const size = { width, height: spec.isWide ? wideHeight : height };
    const made = new uPlot(plotOptions(spec, size, () => drawn.current, zoomTo), plotData(drawn.current.data), box.current);
    plot.current = made;
    const unfollow = followCrosshair(made);
    panByDragging(made, (from, to) => {
      drawn.current = { ...drawn.current, from, to };
      made.setScale("x", { min: from, max: to });
    });
    return () => {
      unfollow();
      made.destroy();
      plot.current = null;
    };
    // A plot is built anew only when its size, colours or lines change; new values go into the living one below.
  }, [shape, spec]);

  useEffect(() => plot.current?.setData(plotData(data), true), [data, marks, range.from, range.to]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") crosshair.set(null);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const last = data.times.length - 1;
    const from = crosshair.value === null ? last : nearestIndex(data.times, crosshair.value) + step * (event.shiftKey ? 10 : 1);
    const index = Math.max(0, Math.min(last, from));
    crosshair.set(data.times[index] ?? null);
    setSpoken(spokenValues(spec, data, index));
  };

  return (
    <>
      <div className="canvas" ref={box} role="img" aria-label={label} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => crosshair.set(null)} />
      <span className="sr" role="status">{spoken}</span>
    </>
  );
}
