import { Store } from "../lib/store";

/** The instant under the pointer, in seconds since the epoch: one for the page, so that every chart shows the same. */
export const crosshair = new Store<number | null>(null);

/** The place in `times` nearest to `instant`, -1 if there is none. */
export function nearestIndex(times: readonly number[], instant: number): number {
  const first = times[0];
  const second = times[1];
  if (first === undefined) return -1;
  if (second === undefined) return 0;
  return Math.max(0, Math.min(times.length - 1, Math.round((instant - first) / (second - first))));
}
