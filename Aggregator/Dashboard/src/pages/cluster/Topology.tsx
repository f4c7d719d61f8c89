import type { ClusterDetail, Member } from "../../api/clusters";
import { latency } from "../../lib/units";
import { canvas, joinLinks, placeLabels, placeMembers, topologyWords, type Edge, type Label, type Place } from "./layout";

/** No number for a dead peer. */
const edgeWords = (edge: Edge) => edge.state === "broken" ? "broken" : edge.rttSeconds === null ? "" : latency(edge.rttSeconds);

function EdgeLine({ edge }: { edge: Edge }) {
  const kind = edge.state === "slow" ? "slow" : edge.state === "ok" ? "" : "none";
  return <path className={`edge ${kind}`} d={`M${edge.from.x} ${edge.from.y}L${edge.to.x} ${edge.to.y}`} />;
}

function EdgeLabel({ edge, label }: { edge: Edge; label: Label | undefined }) {
  if (!label) return null;
  return (
    <>
      <rect className="tag" x={label.x - label.width / 2} y={label.y - 9} width={label.width} height="18" rx="3" />
      <text className={edge.state === "slow" ? "strong" : "mid"} x={label.x} y={label.y + 3.5} textAnchor="middle">{label.text}</text>
    </>
  );
}

function roleWords(member: Member): string {
  if (member.role !== "unknown") return member.role;
  if (member.status === "unknown") return "not seen";
  return member.term == null ? "no answer" : "no leader";
}

function MemberNode({ place }: { place: Place }) {
  const { member, x, y } = place;
  const tone = member.status === "critical" ? "crit" : member.status === "degraded" ? "deg" : "";
  const isTop = member.role === "leader";
  const name = member.name.length > 16 ? `${member.name.slice(0, 7)}…${member.name.slice(-7)}` : member.name;
  return (
    <g data-member={member.name}>
      <title>{`${member.name}, ${member.role}, ${member.status}`}</title>
      <circle className={`node ${tone} ${member.role === "learner" ? "learner" : ""} ${member.status === "unknown" ? "unseen" : ""}`} cx={x} cy={y} r="20" />
      {isTop && <g className="t1"><use href="#i-star" x={x - 8} y={y - 8} width="16" height="16" fill="currentColor" /></g>}
      <use href={`#m-${member.status}`} className={`mk-${member.status}`} x={x + 10} y={y - 25} width="15" height="15" />
      <text className="strong" x={x} y={isTop ? y - 44 : y + 35} textAnchor="middle">{name}</text>
      <text x={x} y={isTop ? y - 31 : y + 48} textAnchor="middle">{roleWords(member)}</text>
    </g>
  );
}

/** Who leads, who follows, and how far they are from each other. */
export function Topology({ cluster }: { cluster: ClusterDetail }) {
  const places = placeMembers(cluster.members);
  const edges = joinLinks(cluster.links, places);
  const labels = placeLabels(edges, edgeWords);
  return (
    <section className="card">
      <header><h2>Topology</h2><span className="grow" /><span className="micro t3">peer RTT p99</span></header>
      <svg className="plot topo" viewBox={`0 0 ${canvas.width} ${canvas.height}`} role="img" aria-label={topologyWords(cluster.members, edges)}>
        {edges.map((edge) => <EdgeLine key={edge.key} edge={edge} />)}
        {edges.map((edge) => <EdgeLabel key={edge.key} edge={edge} label={labels.get(edge.key)} />)}
        {places.map((place) => <MemberNode key={place.member.id ?? place.member.name} place={place} />)}
      </svg>
    </section>
  );
}
