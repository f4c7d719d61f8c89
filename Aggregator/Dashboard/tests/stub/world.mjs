// The stub's fleet: the recorded answers, moved so that they end now.
import { readFileSync } from "node:fs";
import { makeAlerting } from "./alerting.mjs";

const folder = new URL("../../../../Tests/Fixtures/api/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));

const timeKeys = new Set(["at", "since", "updatedAt", "startedAt", "lastSeen", "activeAt", "firedAt", "now"]);

/** All times moved by `offset` milliseconds. */
function moved(value, offset) {
  if (Array.isArray(value)) return value.map((entry) => moved(entry, offset));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) =>
    [key, timeKeys.has(key) && typeof entry === "number" ? entry + offset : moved(entry, offset)]));
}

export function makeWorld() {
  const recorded = read("clusters");
  const offset = Date.now() - recorded.now;
  const load = (name) => moved(read(name), offset);
  const details = new Map(["healthy", "degraded", "critical", "unknown"].map((name) => load(`cluster-${name}`)).map((one) => [one.name, one]));
  return {
    clusters: moved(recorded.clusters, offset), details, events: load("events").events, alerts: load("alerts").alerts,
    nodes: load("nodes").nodes, about: read("about"), problem: read("problem"), nextEvent: 5000, alerting: makeAlerting(),
    /** What the tests can change: role of the reader, failing paths, delay of answers, a gap in the series. */
    control: { role: "admin", signedIn: true, failing: [], delay: 0, gap: null, seriesPerChart: 0 },
  };
}

/** The detail of a cluster that has no recording of its own: members made from its summary. */
export function detailOf(world, name) {
  const known = world.details.get(name);
  const summary = world.clusters.find((cluster) => cluster.name === name);
  if (!summary) return null;
  if (known) return { ...known, ...pick(summary, ["status", "cause", "leader", "quorum", "updatedAt"]), memberCounts: summary.members };
  const names = Array.from({ length: summary.members.total }, (_, index) => `${name.split("-")[0]}-${index + 1}`);
  const members = names.map((member, index) => ({
    name: member, id: `${index + 1}f1c9a07e2b4d811`, node: `${name}-host-${index + 1}`, instance: `${name}-host-${index + 1}:2379`,
    role: summary.leader?.member === member ? "leader" : "follower", status: "healthy", reason: "", version: summary.versions[0],
    term: "7", raftIndex: "12044", appliedIndex: "12044", indexLag: "0", alarms: [], clientURLs: [], peerURLs: [],
    agent: { id: "a".repeat(32), ageSeconds: 1 },
  }));
  const links = members.flatMap((from) => members.filter((to) => to !== from).map((to) => ({ from: from.id, to: to.id, rttP99Seconds: 0.001, state: "ok" })));
  return { ...summary, memberCounts: summary.members, members, links, nodes: [] };
}

const pick = (from, keys) => Object.fromEntries(keys.filter((key) => key in from).map((key) => [key, from[key]]));
