import { get } from "./client";

export interface Series { metric: Record<string, string>; values: [number, string][] }

/** A range on the grid `start, start + step, … end`, in seconds since the epoch. */
export interface Grid { start: number; end: number; step: number }

/** One line per series. Errors in the query come back as CallError with Prometheus' own words. */
export async function queryRange(query: string, grid: Grid, signal?: AbortSignal): Promise<Series[]> {
  const params = new URLSearchParams({
    query, start: String(grid.start), end: String(grid.end), step: String(grid.step),
  });
  const answer = await get<{ data: { result: Series[] } }>(`/prometheus/api/v1/query_range?${params}`, signal);
  return answer.data.result;
}
