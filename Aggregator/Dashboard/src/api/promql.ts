// Prometheus's API as Explore asks it: one instant, and what there is to ask for.
import { get } from "./client";
import type { Series } from "./series";

export interface Sample { metric: Record<string, string>; value: [number, string] }
export type InstantAnswer =
  | { resultType: "vector"; result: Sample[] } | { resultType: "matrix"; result: Series[] }
  | { resultType: "scalar" | "string"; result: [number, string] };
export interface MetricFact { type: string; help: string }

const root = "/prometheus/api/v1";

/** `time` in seconds since the epoch. */
export async function queryInstant(query: string, time: number, signal?: AbortSignal): Promise<InstantAnswer> {
  const params = new URLSearchParams({ query, time: String(time) });
  return (await get<{ data: InstantAnswer }>(`${root}/query?${params}`, signal)).data;
}

/** Every metric's name with its type and help, where they are known. */
export async function loadMetrics(): Promise<Map<string, MetricFact>> {
  const [names, facts] = await Promise.all([
    get<{ data: string[] }>(`${root}/label/__name__/values`), get<{ data: Record<string, MetricFact[]> }>(`${root}/metadata`),
  ]);
  return new Map(names.data.map((name) => {
    const family = facts.data[name] ?? facts.data[name.replace(/_(bucket|sum|count)$/, "")];
    return [name, family?.[0] ?? { type: "", help: "" }] as const;
  }));
}

const scope = (metric: string) => metric === "" ? "" : `?${new URLSearchParams({ "match[]": metric })}`;

/** Label names of `metric`, or of everything when it is "". */
export const loadLabels = async (metric: string): Promise<string[]> =>
  (await get<{ data: string[] }>(`${root}/labels${scope(metric)}`)).data.filter((name) => name !== "__name__");

export const loadValues = async (label: string, metric: string): Promise<string[]> =>
  (await get<{ data: string[] }>(`${root}/label/${encodeURIComponent(label)}/values${scope(metric)}`)).data;
