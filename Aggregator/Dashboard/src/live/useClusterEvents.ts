import { loadEvents, type FleetEvent } from "../api/events";
import { useStore } from "../lib/store";
import { useResource } from "../lib/useResource";
import { liveEvents, stream } from "./fleet";
import { joinEvents } from "./useEventPages";

const pageSize = 200;
const mostPages = 5;

/** Everything since `from`, and one page before it: the last election before the range tells who led at its start. */
async function loadSince(cluster: string, from: number, signal: AbortSignal): Promise<FleetEvent[]> {
  let events: FleetEvent[] = [];
  let before = "";
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await loadEvents({ cluster, before, limit: pageSize }, signal);
    events = [...events, ...answer.events];
    const oldest = answer.events[answer.events.length - 1];
    if (!answer.next || !oldest || oldest.at < from) break;
    before = answer.next;
  }
  return events;
}

/** The events of a cluster for its lane and its charts, live ones included, newest first. `from` in milliseconds. */
export function useClusterEvents(cluster: string, from: number): FleetEvent[] {
  const { connections } = useStore(stream.state);
  const hour = Math.floor(from / 3_600_000);
  const loaded = useResource(`lane ${cluster}`, `${hour} ${connections}`, (signal) => loadSince(cluster, from, signal));
  const arrived = useStore(liveEvents).filter((event) => event.cluster === cluster);
  return joinEvents(arrived, loaded.data ?? []);
}
