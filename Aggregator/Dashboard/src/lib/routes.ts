/** The dashboard's pages, as the path names them. */
export type Route =
  | { page: "fleet" }
  | { page: "cluster"; cluster: string; tab: ClusterTab }
  | { page: "events" } | { page: "alerts" } | { page: "agents" } | { page: "explore" }
  | { page: "missing" };

export const clusterTabs = ["overview", "events", "alerts", "agents"] as const;
export type ClusterTab = (typeof clusterTabs)[number];

export const clusterPath = (name: string, tab: ClusterTab = "overview") =>
  `/clusters/${encodeURIComponent(name)}${tab === "overview" ? "" : `/${tab}`}`;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a broken escape typed by hand: the name is then simply not found
  }
}

export function readPath(path: string): Route {
  const [first = "", second, third = "overview", ...more] = path.split("/").filter((part) => part !== "");
  if (first === "") return { page: "fleet" };
  if (second === undefined) return first === "events" || first === "alerts" || first === "agents" || first === "explore" ? { page: first } : { page: "missing" };
  const tab = clusterTabs.find((known) => known === third);
  if (first !== "clusters" || tab === undefined || more.length > 0) return { page: "missing" };
  return { page: "cluster", cluster: decode(second), tab };
}
