import { useEffect, useState } from "react";
import { loadAgents } from "../api/agents";
import type { User } from "../api/session";
import { Enrolment } from "../components/Enrolment";
import { ErrorCard } from "../components/ErrorCard";
import { FilterInput } from "../components/FilterInput";
import { PageState } from "../components/PageState";
import { StaleBanner } from "../components/StaleBanner";
import { liveEvents, stream } from "../live/fleet";
import { may } from "../lib/session";
import { useParam } from "../lib/router";
import { useStore } from "../lib/store";
import { useResource } from "../lib/useResource";
import { useTitle } from "../lib/useTitle";
import { AgentTable } from "./agents/AgentTable";
import { NewToken } from "./agents/NewToken";
import { agentHeadline, filteredAgents } from "./agents/sorting";

const refreshMilliseconds = 5_000;

/** Counts up every five seconds, and at once when an agent comes or goes. */
function useRevision(): string {
  const [ticks, setTicks] = useState(0);
  const { connections } = useStore(stream.state);
  const last = useStore(liveEvents).find((event) => event.kind.startsWith("agent-"));
  useEffect(() => {
    const timer = setInterval(() => setTicks((n) => n + 1), refreshMilliseconds);
    return () => clearInterval(timer);
  }, []);
  return `${ticks} ${connections} ${last?.id ?? ""}`;
}

/** The agents: which hosts report, how late, and what their last upload was told. */
export function AgentsPage({ cluster, user }: { cluster: string | null; user: User }) {
  useTitle(cluster === null ? "Agents" : `Agents of ${cluster}`);
  const [text, setText] = useParam("q");
  const { data, error, at, reload } = useResource("agents", useRevision(), loadAgents);
  if (data === null) return <PageState name="the agents" error={error} retry={reload} />;
  const all = data.nodes.filter((agent) => cluster === null || agent.cluster === cluster);
  const shown = filteredAgents(all, text);
  const table = <AgentTable agents={shown} showCluster={cluster === null} />;
  return (
    <>
      <StaleBanner />
      <div className="page-head"><h1>{agentHeadline(all)}</h1><span className="grow" />
        <FilterInput value={text} change={setText} label="Filter by node, cluster, error" /></div>
      {error && <ErrorCard title="Cannot refresh the agents" error={error} retry={reload} dataAt={at}>{table}</ErrorCard>}
      {!error && shown.length > 0 && table}
      {!error && shown.length === 0 && all.length > 0 && (
        <section className="card empty"><h2>No agent matches “{text}”</h2><button className="btn" onClick={() => setText("")}>Clear filter</button></section>
      )}
      <section className="card">
        <header className="ruled"><h2>Add a node</h2></header>
        <div className="body stack">
          {may(user, "admin") ? <NewToken cluster={cluster} /> : (
            <>
              <p>An agent is enrolled once, with a token that an admin makes. {user.role === null ? "You have rights on some clusters only." : `You are ${user.role}.`}</p>
              <Enrolment token={null} />
            </>
          )}
        </div>
      </section>
    </>
  );
}
