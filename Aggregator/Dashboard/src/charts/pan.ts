import type uPlot from "uplot";
import { navigate } from "../lib/router";
import { addressWithRange } from "../lib/useRange";

/** Tells the plot to show another part of time while the pointer moves. Seconds since the epoch. */
type Show = (from: number, to: number) => void;

/** Shift and drag moves the plot in time; the other charts and the address follow when the button is let go. */
export function panByDragging(plot: uPlot, show: Show): void {
  plot.over.addEventListener("mousedown", (event) => {
    if (!event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const { min = 0, max = 1 } = plot.scales["x"] ?? {};
    const secondsPerPixel = (max - min) / plot.over.clientWidth;
    let moved = 0;
    const move = (at: MouseEvent) => {
      moved = (event.clientX - at.clientX) * secondsPerPixel;
      show(min + moved, max + moved);
    };
    const release = () => {
      removeEventListener("mousemove", move);
      removeEventListener("mouseup", release);
      const milliseconds = (seconds: number) => String(Math.round(seconds * 1000));
      if (moved !== 0) navigate(addressWithRange({ from: milliseconds(min + moved), to: milliseconds(max + moved) }));
    };
    addEventListener("mousemove", move);
    addEventListener("mouseup", release);
  });
}
