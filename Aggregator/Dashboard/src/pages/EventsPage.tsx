import { Fragment } from "react";
import { eventKinds, type FleetEvent } from "../api/events";
import { ErrorCard } from "../components/ErrorCard";
import { EventItem, kindWords } from "../components/EventItem";
import { Select } from "../components/Select";
import { Skeleton } from "../components/Skeleton";
import { StaleBanner } from "../components/StaleBanner";
import { clusters } from "../live/fleet";
import { useEventPages, type EventPages } from "../live/useEventPages";
import { serverNow } from "../lib/clock";
import { useParam } from "../lib/router";
import { useStore } from "../lib/store";
import { day } from "../lib/time";
import { useTitle } from "../lib/useTitle";

const kindOptions = [["", "All kinds"], ...eventKinds.map((kind) => [kind, kindWords(kind)])] as [string, string][];

/** Under a heading for each day. */
function EventDays({ events, showCluster }: { events: readonly FleetEvent[]; showCluster: boolean }) {
  return (
    <ul className="timeline">
      {events.map((event, index) => {
        const previous = events[index - 1];
        const isNewDay = previous === undefined ? day(event.at) !== day(serverNow()) : day(event.at) !== day(previous.at);
        return (
          <Fragment key={event.id}>
            {isNewDay && <li className="day">{day(event.at)}</li>}
            <EventItem event={event} showCluster={showCluster} />
          </Fragment>
        );
      })}
    </ul>
  );
}

function EventList({ pages, showCluster, clear }: { pages: EventPages; showCluster: boolean; clear: (() => void) | null }) {
  const { first, events } = pages;
  if (first.data === null && first.error !== null) return <ErrorCard title="Cannot load the events" error={first.error} retry={first.reload} />;
  if (first.data === null) return <Skeleton tall />;
  if (events.length === 0) {
    return (
      <section className="card empty">
        <h2>{clear ? "No event matches the filter" : "Nothing happened yet"}</h2>
        <p>Leader changes, restarts, member changes, alarms and silent agents are listed here within a second.</p>
        {clear && <button className="btn" onClick={clear}>Clear filter</button>}
      </section>
    );
  }
  const list = <EventDays events={events} showCluster={showCluster} />;
  return (
    <>
      {first.error ? <ErrorCard title="Cannot refresh the events" error={first.error} retry={first.reload} dataAt={first.at}>{list}</ErrorCard> : <section className="card">{list}</section>}
      {pages.olderError && <ErrorCard title="Cannot load older events" error={pages.olderError} retry={pages.loadOlder} />}
      {pages.hasOlder && !pages.olderError && <div className="row"><button className="btn" onClick={pages.loadOlder}>Load older events</button></div>}
    </>
  );
}

/** What happened, newest first; of one cluster when it is fixed by the path. */
export function EventsPage({ cluster: fixed }: { cluster: string | null }) {
  useTitle(fixed === null ? "Events" : `Events of ${fixed}`);
  const [chosen, setCluster] = useParam("cluster");
  const [kind, setKind] = useParam("kind");
  const names = [...(useStore(clusters)?.keys() ?? [])].sort();
  const cluster = fixed ?? chosen;
  const pages = useEventPages(cluster, kind);
  const clear = kind !== "" || (fixed === null && cluster !== "") ? () => { setKind(""); if (fixed === null) setCluster(""); } : null;
  return (
    <>
      <StaleBanner />
      <div className="page-head">
        <h1>Events</h1><span className="grow" />
        {fixed === null && <Select label="Cluster" value={cluster} choose={setCluster}
          options={[["", "All clusters"], ...names.map((name) => [name, name] as const)]} />}
        <Select label="Kind" value={kind} choose={setKind} options={kindOptions} />
      </div>
      <EventList pages={pages} showCluster={fixed === null} clear={clear} />
    </>
  );
}
