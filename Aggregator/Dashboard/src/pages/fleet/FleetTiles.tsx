import { useRef } from "react";
import type { ClusterSummary } from "../../api/clusters";
import { useSteadyOrder } from "../../lib/useSteadyOrder";
import { FleetTile } from "./FleetTile";

/** Tiles in the order given. Those off screen are not laid out (`content-visibility`), so hundreds are fine. */
export function FleetTiles({ clusters }: { clusters: readonly ClusterSummary[] }) {
  const box = useRef<HTMLDivElement>(null);
  const ordered = useSteadyOrder(box, clusters, String(clusters.length));
  return <div className="tiles" ref={box}>{ordered.map((cluster) => <FleetTile key={cluster.name} cluster={cluster} />)}</div>;
}
