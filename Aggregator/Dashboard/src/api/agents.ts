import { get } from "./client";

/** One agent with its host; `cluster` names the cluster it was enrolled for. */
export interface Agent {
  name: string;
  cluster: string;
  agentID?: string | null;
  agentVersion?: string | null;
  lastSeen?: number | null;
  ageSeconds?: number | null;
  lagSeconds?: number | null;
  lastError?: string | null;
  clockOffsetSeconds?: number | null;
  cpuRatio?: number | null;
  load1?: number | null;
  memoryUsedBytes?: number | null;
  memoryTotalBytes?: number | null;
}

/** `/nodes` carries the host beside its agent, so one call fills the page. */
export const loadAgents = (signal?: AbortSignal) => get<{ nodes: Agent[] }>("/api/v1/nodes", signal);
