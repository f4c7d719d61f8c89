import type { ClusterSummary } from "../../api/clusters";
import { Mark, statusWord } from "../../components/StatusMark";
import { statusOrder } from "../../lib/worst";

/** Counts by status; each is a filter. */
export function StatusChips({ clusters, chosen, choose }: {
  clusters: readonly ClusterSummary[]; chosen: string; choose: (status: string) => void;
}) {
  const members = clusters.reduce((sum, cluster) => sum + cluster.members.total, 0);
  return (
    <div className="chips" role="group" aria-label="Status">
      <button className="chip" aria-pressed={chosen === ""} onClick={() => choose("")}>
        <b className="t1">{clusters.length}</b>{clusters.length === 1 ? "cluster" : "clusters"}, {members} members
      </button>
      {statusOrder.map((status) => {
        const count = clusters.filter((cluster) => cluster.status === status).length;
        if (count === 0 && chosen !== status) return null;
        return (
          <button className="chip" key={status} aria-pressed={chosen === status} onClick={() => choose(chosen === status ? "" : status)}>
            <Mark status={status} size="s" /><b>{count}</b>{statusWord[status]}
          </button>
        );
      })}
    </div>
  );
}
