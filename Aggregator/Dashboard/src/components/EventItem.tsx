import { memo } from "react";
import type { HealthStatus } from "../api/clusters";
import type { FleetEvent, Severity } from "../api/events";
import { clusterPath } from "../lib/routes";
import { iso, timeOfDay } from "../lib/time";
import { Icon } from "./Icon";
import { Link } from "./Link";
import { Mark } from "./StatusMark";

/** How a severity looks: as the status it would make. */
export const severityStatus: Record<Severity, HealthStatus> = { critical: "critical", warning: "degraded", info: "healthy" };

/** "leader-changed" as words. */
export const kindWords = (kind: string) => kind.replace(/-/g, " ");

function EventMark({ event }: { event: FleetEvent }) {
  if (event.severity !== "info") return <><Mark status={severityStatus[event.severity]} size="s" /><span className="sr">{event.severity}</span></>;
  return <Icon name={event.kind === "leader-changed" ? "bolt" : "info"} small />;
}

/** One thing that happened: when, what, where. */
export const EventItem = memo(function EventItem({ event, showCluster }: { event: FleetEvent; showCluster: boolean }) {
  return (
    <li data-event={event.id}>
      <time dateTime={iso(event.at)} title={iso(event.at)}>{timeOfDay(event.at)}</time>
      <span><EventMark event={event} /></span>
      <span className="w"><span className="t1">{event.sentence}</span>{" "}
        <span className="t3">{kindWords(event.kind)}{event.node ? ` · ${event.node}` : ""}
          {showCluster && <> · <Link href={clusterPath(event.cluster)}>{event.cluster}</Link></>}</span></span>
    </li>
  );
});
