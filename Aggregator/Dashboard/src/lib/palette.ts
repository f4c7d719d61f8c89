import type { ClusterSummary, HealthStatus } from "../api/clusters";
import { navigate } from "./router";
import { clusterPath } from "./routes";
import { signOut } from "./session";
import { chooseTheme } from "./theme";
import { rangeQuery } from "./useRange";
import { worstFirst } from "./worst";

export interface PaletteEntry { id: string; label: string; hint: string; status?: HealthStatus; run: () => void }

const shownClusters = 8;

const pages: [string, string, string][] = [
  ["/", "Fleet", "all clusters, worst first"], ["/alerts", "Alerts", "what fires now"],
  ["/events", "Events", "what happened"], ["/agents", "Agents", "hosts, lag, enrolment"],
  ["/explore", "Explore", "any PromQL: graph, table, raw"],
];

function fixedEntries(): PaletteEntry[] {
  return [
    ...pages.map(([path, label, hint]) => ({ id: path, label, hint, run: () => navigate(path) })),
    ...(["dark", "light", "system"] as const).map((theme) => ({
      id: `theme-${theme}`, label: `Theme: ${theme}`, hint: "", run: () => chooseTheme(theme),
    })),
    { id: "sign-out", label: "Sign out", hint: "", run: () => void signOut() },
  ];
}

/** Each word must occur; a name that begins with the text comes first. The time range goes along to another cluster. */
export function paletteEntries(clusters: readonly ClusterSummary[], text: string, address: string): PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const matches = (entry: PaletteEntry) => {
    const haystack = `${entry.label} ${entry.status ?? ""} ${entry.hint}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  };
  const begins = (entry: PaletteEntry) => entry.label.toLowerCase().startsWith(words[0] ?? "");
  const found = worstFirst(clusters)
    .map((cluster) => ({
      id: `cluster-${cluster.name}`, label: cluster.name, hint: cluster.cause, status: cluster.status,
      run: () => navigate(clusterPath(cluster.name) + rangeQuery(address)),
    }))
    .filter(matches);
  const ordered = [...found.filter(begins), ...found.filter((entry) => !begins(entry))].slice(0, shownClusters);
  return [...ordered, ...fixedEntries().filter(matches)];
}
