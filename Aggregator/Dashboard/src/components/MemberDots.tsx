import type { ClusterSummary } from "../api/clusters";

type Dot = "leader" | "up" | "down" | "unseen";

function dots({ members, leader, status }: Pick<ClusterSummary, "members" | "leader" | "status">): Dot[] {
  return Array.from({ length: members.total }, (_, index): Dot => {
    if (index >= members.up) return status === "unknown" ? "unseen" : "down";
    return index === 0 && leader ? "leader" : "up";
  });
}

function DotShape({ dot }: { dot: Dot }) {
  switch (dot) {
    case "leader": return <path className="dot-leader" d="M5 .2l1.4 3 3.3.4-2.4 2.3.6 3.2L5 7.6 2.1 9.1l.6-3.2L.3 3.6l3.3-.4z" />;
    case "up": return <circle className="dot-up" cx="5" cy="5" r="4" />;
    case "down": return <path className="dot-down" d="M1.8 1.8l6.4 6.4M8.2 1.8L1.8 8.2" />;
    case "unseen": return <circle className="dot-unseen" cx="5" cy="5" r="3.6" />;
  }
}

/** A star for the leader, discs for members that answer, crosses for those that do not, dashes for the unseen. */
export function MemberDots({ cluster }: { cluster: ClusterSummary }) {
  return (
    <span className="dots" aria-hidden="true">
      {dots(cluster).map((dot, index) => <svg key={index} viewBox="0 0 10 10"><DotShape dot={dot} /></svg>)}
    </span>
  );
}
