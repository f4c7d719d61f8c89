import { useStore } from "../lib/store";
import type { ChartSpec } from "./catalogue";
import { lastValue, type ChartData } from "./chartData";
import { crosshair, nearestIndex } from "./crosshair";

/** Each line with its value at the crosshair, or its last one without. */
export function Legend({ spec, data }: { spec: ChartSpec; data: ChartData }) {
  const at = useStore(crosshair);
  const index = at === null ? -1 : nearestIndex(data.times, at);
  return (
    <div className="legend">
      {data.lines.map((line) => {
        const value = index < 0 ? lastValue(line) : line.values[index] ?? null;
        const isHot = spec.limit !== undefined && value !== null && value > spec.limit.value;
        return (
          <span key={line.name} className={isHot ? "hot" : ""}>
            <svg viewBox="0 0 12 6" aria-hidden="true"><path className={`line s${line.colour}`} d="M0 3h12" strokeWidth="2" {...(line.isDashed ? { strokeDasharray: "5 2" } : {})} /></svg>
            {line.name} <b>{spec.format(value)}</b>
          </span>
        );
      })}
    </div>
  );
}
