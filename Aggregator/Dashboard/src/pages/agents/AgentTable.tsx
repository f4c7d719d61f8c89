import type { Agent } from "../../api/agents";
import { Link } from "../../components/Link";
import { Mark } from "../../components/StatusMark";
import { clusterPath } from "../../lib/routes";
import { bytes, duration, figures, latency, percent, unknown } from "../../lib/units";
import { clockLimitSeconds, isSilent, lagLimitSeconds } from "./sorting";

const over = (value: number | null | undefined, limit: number) => (Math.abs(value ?? 0) > limit ? "num m over" : "num m");

function memory({ memoryUsedBytes, memoryTotalBytes }: Agent): string {
  return memoryUsedBytes == null || memoryTotalBytes == null ? unknown : `${bytes(memoryUsedBytes)} of ${bytes(memoryTotalBytes)}`;
}

function AgentRow({ agent, showCluster }: { agent: Agent; showCluster: boolean }) {
  const silent = isSilent(agent);
  const offset = agent.clockOffsetSeconds;
  return (
    <tr data-agent={agent.name}>
      <td><span className="row">
        <Mark status={silent ? "unknown" : agent.lastError ? "degraded" : "healthy"} /><b className="cut" title={agent.name}>{agent.name}</b>
        <span className="t3">{silent ? "silent" : agent.lastError ? "refused" : "live"}</span></span></td>
      {showCluster && <td className="m" data-l="Cluster"><Link href={clusterPath(agent.cluster)}>{agent.cluster}</Link></td>}
      <td className={silent ? "num m over" : "num m"} data-l="Heard">{duration(agent.ageSeconds)}</td>
      <td className={over(agent.lagSeconds, lagLimitSeconds)} data-l="Lag">{duration(agent.lagSeconds)}</td>
      <td className={Math.abs(offset ?? 0) > clockLimitSeconds ? "num m over" : "num"} data-l="Clock off">{offset == null ? unknown : `${offset >= 0 ? "+" : "−"}${latency(Math.abs(offset))}`}</td>
      <td className="num">{percent(agent.cpuRatio)}</td>
      <td className="num">{agent.load1 == null ? unknown : figures(agent.load1)}</td>
      <td>{memory(agent)}</td>
      <td className="t3">{agent.agentVersion ?? unknown}</td>
      <td className={agent.lastError ? "wide m" : "wide"} data-l="Last error" title={agent.lastError ?? ""}>{agent.lastError ?? <span className="t3">none</span>}</td>
    </tr>
  );
}

/** Agents with their hosts, those that want attention first. */
export function AgentTable({ agents, showCluster }: { agents: readonly Agent[]; showCluster: boolean }) {
  return (
    <section className="card scroll" tabIndex={0} role="region" aria-label="Agents">
      <table className="table members-table agents-table">
        <thead><tr><th>Node</th>{showCluster && <th>Cluster</th>}<th className="num">Heard</th><th className="num">Lag</th><th className="num">Clock off</th>
          <th className="num">CPU</th><th className="num">Load</th><th>Memory</th><th>Version</th><th>Last error</th></tr></thead>
        <tbody>{agents.map((agent) => <AgentRow key={`${agent.cluster}/${agent.name}`} agent={agent} showCluster={showCluster} />)}</tbody>
      </table>
    </section>
  );
}
