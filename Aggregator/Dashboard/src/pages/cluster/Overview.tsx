import { lazy, Suspense, useMemo } from "react";
import type { ClusterDetail } from "../../api/clusters";
import { limitsOf } from "../../charts/limits";
import { markOf } from "../../charts/marks";
import { Skeleton } from "../../components/Skeleton";
import { alerts } from "../../live/fleet";
import { useClusterEvents } from "../../live/useClusterEvents";
import { now } from "../../lib/clock";
import { useStore } from "../../lib/store";
import { resolveRange } from "../../lib/time";
import { useRange } from "../../lib/useRange";
import { EventLane } from "./EventLane";
import { MembersTable } from "./MembersTable";
import { Topology } from "./Topology";
import { Verdict } from "./Verdict";

/** The charts and their library come when a cluster is opened, not with the fleet. */
const ChartGrid = lazy(() => import("../../charts/ChartGrid").then((module) => ({ default: module.ChartGrid })));

const laneStepMilliseconds = 5_000;

/** The verdict, then the proof: members, who talks to whom, what happened, and the charts. */
export function Overview({ cluster }: { cluster: ClusterDetail }) {
  const [text] = useRange();
  const clock = Math.floor(useStore(now) / laneStepMilliseconds) * laneStepMilliseconds;
  const range = resolveRange(text, clock);
  const events = useClusterEvents(cluster.name, range.from);
  const newest = events[0]?.id ?? "";
  const marks = useMemo(() => events.map(markOf), [events.length, newest]);
  const firing = [...(useStore(alerts)?.values() ?? [])].filter((alert) => alert.cluster === cluster.name);
  return (
    <>
      <Verdict cluster={cluster} />
      <MembersTable cluster={cluster} />
      <div className="topo-row">
        <Topology cluster={cluster} />
        <EventLane cluster={cluster} events={events} alerts={firing} range={range} />
      </div>
      <Suspense fallback={<Skeleton cards={3} tall />}>
        <ChartGrid cluster={cluster.name} members={cluster.members} limits={limitsOf(cluster)} marks={marks} />
      </Suspense>
    </>
  );
}
