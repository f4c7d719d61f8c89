import { useEffect, useRef, useState } from "react";
import { loadCluster } from "../api/clusters";
import type { User } from "../api/session";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { PageState } from "../components/PageState";
import { StaleBanner } from "../components/StaleBanner";
import { alerts, clusters, liveEvents, stream } from "../live/fleet";
import { useAddress } from "../lib/router";
import { clusterPath, clusterTabs, type ClusterTab } from "../lib/routes";
import { useStore } from "../lib/store";
import { rangeQuery } from "../lib/useRange";
import { useResource } from "../lib/useResource";
import { useTitle } from "../lib/useTitle";
import { AgentsPage } from "./AgentsPage";
import { AlertsPage } from "./AlertsPage";
import { Overview } from "./cluster/Overview";
import { EventsPage } from "./EventsPage";

const shortestPause = 1_000;
const tabNames: Record<ClusterTab, string> = { overview: "Overview", events: "Events", alerts: "Alerts", agents: "Agents" };

/** Changes when the stream says something about the cluster; at once after quiet, else once a second. */
function useClusterRevision(name: string): string {
  const summary = useStore(clusters)?.get(name);
  const event = useStore(liveEvents).find((one) => one.cluster === name);
  const { connections } = useStore(stream.state);
  const wanted = `${summary?.updatedAt ?? ""} ${summary?.status ?? ""} ${event?.id ?? ""} ${connections}`;
  const [revision, setRevision] = useState(wanted);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + shortestPause - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setRevision(wanted);
    }, wait);
    return () => clearTimeout(timer);
  }, [wanted]);
  return revision;
}

function Tabs({ name, tab }: { name: string; tab: ClusterTab }) {
  const range = rangeQuery(useAddress());
  const firing = [...(useStore(alerts)?.values() ?? [])].filter((alert) => alert.cluster === name && alert.state === "firing").length;
  return (
    <nav className="tabs" aria-label="Cluster">
      {clusterTabs.map((one) => (
        <Link key={one} href={clusterPath(name, one) + range} {...(one === tab ? { "aria-current": "page" as const } : {})}>
          {tabNames[one]}{one === "alerts" && firing > 0 && <span className="n">{firing}</span>}
        </Link>
      ))}
    </nav>
  );
}

function OverviewTab({ name }: { name: string }) {
  useTitle(name);
  const { data, error, at, reload } = useResource(`cluster ${name}`, useClusterRevision(name), (signal) => loadCluster(name, signal));
  if (data === null && error?.status === 404) {
    return (
      <section className="card empty"><h1>No cluster is called {name}</h1><p>It may have been renamed, or its agents were never enrolled here.</p>
        <Link className="btn" href="/">Open the fleet</Link></section>
    );
  }
  if (data === null) return <PageState name={name} error={error} retry={reload} />;
  return (
    <>
      {error && <ErrorCard title={`Cannot refresh ${name}`} error={error} retry={reload} dataAt={at} />}
      <Overview cluster={data} />
    </>
  );
}

/** One cluster: its screens are tabs, and the time range goes along. */
export function ClusterPage({ name, tab, user }: { name: string; tab: ClusterTab; user: User }) {
  return (
    <>
      <Tabs name={name} tab={tab} />
      {tab === "overview" && <><StaleBanner /><OverviewTab name={name} /></>}
      {tab === "events" && <EventsPage cluster={name} />}
      {tab === "alerts" && <AlertsPage cluster={name} />}
      {tab === "agents" && <AgentsPage cluster={name} user={user} />}
    </>
  );
}
