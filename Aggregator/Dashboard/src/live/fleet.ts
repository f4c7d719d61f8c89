// The fleet as the stream keeps it: clusters by name, the newest events, the active alerts.
import { loadAlerts, type Alert } from "../api/alerts";
import { CallError } from "../api/client";
import { loadClusters, type ClusterSummary } from "../api/clusters";
import type { FleetEvent } from "../api/events";
import { noteServerTime } from "../lib/clock";
import { Store } from "../lib/store";
import { LiveStream } from "./stream";

const keptEvents = 500;
const lateMilliseconds = 1_500;
const deliveryCheckMilliseconds = 3_000;

/** null until the first answer. */
export const clusters = new Store<ReadonlyMap<string, ClusterSummary> | null>(null);
export const clustersError = new Store<CallError | null>(null);
export const alerts = new Store<ReadonlyMap<string, Alert> | null>(null);
export const alertsError = new Store<CallError | null>(null);
/** Those that arrived while the page was open, newest first. */
export const liveEvents = new Store<readonly FleetEvent[]>([]);

/** What keeps the aggregator itself from its work, with what to do; a sentence each. */
export const problems = new Store<readonly string[]>([]);

let lastConnection = 0;
let deliveryCheck: ReturnType<typeof setTimeout> | undefined;

/** All at connect (which also tells what is gone), then the changed ones only. */
function mergeClusters(frame: readonly ClusterSummary[], complete: boolean): void {
  const next = new Map(complete ? [] : clusters.value ?? []);
  for (const cluster of frame) next.set(cluster.name, cluster);
  clusters.set(next);
  clustersError.set(null);
}

/** A frame comes before anything is delivered, so it says nothing of deliveries: those are asked for a little later. */
function mergeAlert(alert: Alert): void {
  const next = new Map(alerts.value ?? []);
  const delivery = alert.delivery.length > 0 ? alert.delivery : next.get(alert.fingerprint)?.delivery ?? [];
  if (alert.state === "resolved") next.delete(alert.fingerprint);
  else next.set(alert.fingerprint, { ...alert, delivery });
  alerts.set(next);
  clearTimeout(deliveryCheck);
  deliveryCheck = setTimeout(() => void refreshAlerts(), deliveryCheckMilliseconds);
}

function mergeEvent(event: FleetEvent): void {
  if (liveEvents.value.some((known) => known.id === event.id)) return;
  liveEvents.set([event, ...liveEvents.value].slice(0, keptEvents));
}

export const stream = new LiveStream("/api/v1/stream", (name, data) => {
  if (name === "tick") {
    const tick = data as { now: number; problems?: readonly string[] };
    noteServerTime(tick.now);
    if ((tick.problems ?? []).join() !== problems.value.join()) problems.set(tick.problems ?? []);
  }
  if (name === "clusters") {
    const connection = stream.state.value.connections;
    mergeClusters((data as { clusters: ClusterSummary[] }).clusters, connection !== lastConnection);
    if (connection !== lastConnection) void refreshAlerts();
    lastConnection = connection;
  }
  if (name === "event") mergeEvent(data as FleetEvent);
  if (name === "alert") mergeAlert(data as Alert);
}, () => void refreshClusters());

export async function refreshClusters(): Promise<void> {
  try {
    const answer = await loadClusters();
    noteServerTime(answer.now);
    mergeClusters(answer.clusters, true);
  } catch (error) {
    if (error instanceof CallError) clustersError.set(error);
  }
}

export async function refreshAlerts(): Promise<void> {
  try {
    alerts.set(new Map((await loadAlerts()).alerts.map((alert) => [alert.fingerprint, alert])));
    alertsError.set(null);
  } catch (error) {
    if (error instanceof CallError) alertsError.set(error);
  }
}

/**
 * Begins the live view of a signed-in reader; the returned action ends it. The stream opens with all clusters, so they are asked
 * for only when it is refused or, behind something that holds it back, late.
 */
export function startFleet(): () => void {
  void refreshAlerts();
  stream.start();
  const late = setTimeout(() => clusters.value === null && void refreshClusters(), lateMilliseconds);
  return () => {
    clearTimeout(late);
    stream.stop();
    clearTimeout(deliveryCheck);
    clusters.set(null);
    alerts.set(null);
    liveEvents.set([]);
  };
}
