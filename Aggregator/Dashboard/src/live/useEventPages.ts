import { useState } from "react";
import { CallError } from "../api/client";
import { loadEvents, type EventPage, type FleetEvent } from "../api/events";
import { useStore } from "../lib/store";
import { useResource, type Resource } from "../lib/useResource";
import { liveEvents, stream } from "./fleet";

const pageSize = 50;

export interface EventPages {
  first: Resource<EventPage>;
  /** Newest first, those from the stream included, each once. */
  events: FleetEvent[];
  hasOlder: boolean;
  olderError: CallError | null;
  loadOlder: () => void;
}

interface Older { identity: string; events: FleetEvent[]; next: string | null; error: CallError | null }

/** Each event once, newest first. Ids rise with time. */
export function joinEvents(...lists: readonly (readonly FleetEvent[])[]): FleetEvent[] {
  const byID = new Map(lists.flat().map((event) => [event.id, event]));
  return [...byID.values()].sort((a, b) => b.at - a.at || Number(b.id) - Number(a.id));
}

/** The list of events with a filter, live at its head and paged at its tail. */
export function useEventPages(cluster: string, kind: string): EventPages {
  const identity = `events ${cluster} ${kind}`;
  const query = { cluster, kind, limit: pageSize };
  const { connections } = useStore(stream.state);
  const first = useResource(identity, connections, (signal) => loadEvents(query, signal));
  const arrived = useStore(liveEvents).filter((event) =>
    (cluster === "" || event.cluster === cluster) && (kind === "" || event.kind === kind));
  const [older, setOlder] = useState<Older>({ identity, events: [], next: null, error: null });
  const tail = older.identity === identity ? older : { identity, events: [], next: null, error: null };
  const next = tail.events.length > 0 ? tail.next : first.data?.next ?? null;

  const loadOlder = () => {
    if (next === null) return;
    loadEvents({ ...query, before: next }).then(
      (page) => setOlder({ identity, events: [...tail.events, ...page.events], next: page.next ?? null, error: null }),
      (error: unknown) => setOlder({ ...tail, error: error instanceof CallError ? error : null }),
    );
  };
  return {
    first, hasOlder: next !== null, olderError: tail.error, loadOlder,
    events: joinEvents(arrived, first.data?.events ?? [], tail.events),
  };
}
