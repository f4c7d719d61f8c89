import type { Link, Member } from "../../api/clusters";

export interface Place { member: Member; x: number; y: number }
export interface Edge { key: string; from: Place; to: Place; state: Link["state"]; rttSeconds: number | null }

export const canvas = { width: 372, height: 250 };

/** The leader on top, the voters on an arc below it, learners on the lowest line. */
export function placeMembers(members: readonly Member[]): Place[] {
  const voters = members.filter((member) => member.role !== "learner");
  const learners = members.filter((member) => member.role === "learner");
  const top = voters.find((member) => member.role === "leader") ?? null;
  const others = voters.filter((member) => member !== top);
  const row = (some: readonly Member[], y: number, sag: number): Place[] => some.map((member, index) => {
    const part = some.length === 1 ? 0.5 : index / (some.length - 1);
    return { member, x: 62 + part * 248, y: y + sag * Math.sin(part * Math.PI) };
  });
  const low = learners.length > 0 ? 192 : 0;
  if (!top) return [...ring(others, low ? 84 : 112), ...row(learners, low, 0)];
  return [
    { member: top, x: canvas.width / 2, y: 74 },
    ...row(others, low ? 122 : 150, others.length > 2 ? 34 : 0),
    ...row(learners, low, 0),
  ];
}

/** Nobody leads: all voters alike, on a ring. */
function ring(members: readonly Member[], y: number): Place[] {
  return members.map((member, index) => {
    const angle = (index / members.length) * 2 * Math.PI - Math.PI / 2;
    return { member, x: canvas.width / 2 + 112 * Math.cos(angle), y: y + 58 * Math.sin(angle) };
  });
}

const worse: Link["state"][] = ["ok", "unknown", "slow", "broken"];

/** Both directions of a pair are one edge: the worse state, the larger time. */
export function joinLinks(links: readonly Link[], places: readonly Place[]): Edge[] {
  const byID = new Map(places.map((place) => [place.member.id, place]));
  const edges = new Map<string, Edge>();
  for (const link of links) {
    const [low, high] = [link.from, link.to].sort();
    const from = byID.get(low);
    const to = byID.get(high);
    if (!from || !to) continue;
    const key = `${low} ${high}`;
    const known = edges.get(key);
    const state = known && worse.indexOf(known.state) > worse.indexOf(link.state) ? known.state : link.state;
    const times = [known?.rttSeconds, link.rttP99Seconds].filter((time): time is number => time != null);
    edges.set(key, { key, from, to, state, rttSeconds: times.length === 0 ? null : Math.max(...times) });
  }
  return [...edges.values()];
}

export interface Label { x: number; y: number; width: number; text: string }

/** The time of an edge beside its middle, moved along the edge until it hides no other label. */
export function placeLabels(edges: readonly Edge[], words: (edge: Edge) => string): ReadonlyMap<string, Label> {
  const placed = new Map<string, Label>();
  const isFree = (label: Label) => [...placed.values()].every((other) =>
    Math.abs(other.x - label.x) > (other.width + label.width) / 2 || Math.abs(other.y - label.y) > 18);
  for (const edge of edges) {
    const text = words(edge);
    if (text === "") continue;
    const at = (part: number): Label => ({
      x: edge.from.x + (edge.to.x - edge.from.x) * part, y: edge.from.y + (edge.to.y - edge.from.y) * part, width: text.length * 6 + 8, text,
    });
    placed.set(edge.key, [0.5, 0.36, 0.64, 0.28, 0.72].map(at).find(isFree) ?? at(0.5));
  }
  return placed;
}

/** The table says the same; this is for those who hear the drawing. */
export function topologyWords(members: readonly Member[], edges: readonly Edge[]): string {
  const leader = members.find((member) => member.role === "leader");
  const list = (role: Member["role"], verb: string) => {
    const some = members.filter((member) => member.role === role).map((member) => member.name);
    return some.length === 0 ? [] : [`${some.join(", ")} ${verb}`];
  };
  const bad = edges.filter((edge) => edge.state === "slow" || edge.state === "broken")
    .map((edge) => `${edge.from.member.name} to ${edge.to.member.name} ${edge.state}`);
  return [`Topology: ${leader ? `${leader.name} leads` : "no leader"}`, ...list("follower", "follow"), ...list("learner", "learn"),
    ...list("unknown", "not seen"), ...bad].join("; ");
}
