import type { Agent } from "../../api/agents";

/** The server sends every second at most and every 5 s at least; after this an agent is silent. */
export const silentAfterSeconds = 15;
/** Older data than this means that a spool is uploading. */
export const lagLimitSeconds = 30;
/** Beyond this, signatures are answered with the server's time. */
export const clockLimitSeconds = 5;

export const isSilent = (agent: Agent) => agent.ageSeconds == null || agent.ageSeconds > silentAfterSeconds;

/** Silent ones first, then those with an error, then by lag. */
export function filteredAgents(agents: readonly Agent[], text: string): Agent[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const weight = (agent: Agent) => (isSilent(agent) ? 2 : 0) + (agent.lastError ? 1 : 0);
  return agents
    .filter((agent) => {
      const haystack = [agent.name, agent.cluster, agent.lastError ?? "", agent.agentVersion ?? "", isSilent(agent) ? "silent" : "live"].join(" ").toLowerCase();
      return words.every((word) => haystack.includes(word));
    })
    .sort((a, b) => weight(b) - weight(a) || a.cluster.localeCompare(b.cluster) || a.name.localeCompare(b.name));
}

export function agentHeadline(agents: readonly Agent[]): string {
  const silent = agents.filter(isSilent);
  if (agents.length === 0) return "No agent yet";
  if (silent.length === 1) return `The agent on ${silent[0]?.name} is silent`;
  if (silent.length > 1) return `${silent.length} of ${agents.length} agents are silent`;
  return agents.length === 1 ? "1 agent reports" : `All ${agents.length} agents report`;
}
