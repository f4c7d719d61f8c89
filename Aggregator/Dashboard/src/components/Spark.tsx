import { memo } from "react";
import { sparks } from "../live/sparks";
import { useStore } from "../lib/store";

const width = 72;
const height = 18;

/** A line from zero to the largest value, broken where there is none. */
export function sparkPath(values: readonly (number | null)[]): string {
  const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  return values.map((value, index) => {
    if (value === null) return "";
    const isStart = index === 0 || values[index - 1] === null;
    return `${isStart ? "M" : "L"}${(index * step).toFixed(1)} ${(height - 1 - (value / top) * (height - 2)).toFixed(1)}`;
  }).join("");
}

/** The last hour's requests of a cluster, beside their number. */
export const Spark = memo(function Spark({ cluster }: { cluster: string }) {
  const values = useStore(sparks).get(cluster);
  if (!values) return null;
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true"><path d={sparkPath(values)} /></svg>
  );
});
