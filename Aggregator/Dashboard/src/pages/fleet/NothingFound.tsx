import type { ClusterSummary } from "../../api/clusters";
import { nearestName } from "../../lib/nearest";

/** A filter that hides everything. */
export function NothingFound({ all, text, clear }: { all: readonly ClusterSummary[]; text: string; clear: () => void }) {
  const nearest = text === "" ? null : nearestName(text, all.map((cluster) => cluster.name));
  return (
    <section className="card empty">
      <h2>{text === "" ? "No cluster has this status" : `No cluster matches “${text}”`}</h2>
      <p>{all.length} {all.length === 1 ? "cluster is" : "clusters are"} hidden by the filter.{nearest !== null && ` The nearest name is ${nearest}.`}</p>
      <div className="row"><button className="btn" onClick={clear}>Clear filter <kbd>Esc</kbd></button></div>
    </section>
  );
}
