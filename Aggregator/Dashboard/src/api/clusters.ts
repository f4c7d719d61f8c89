import { get } from "./client";

export type HealthStatus = "healthy" | "degraded" | "critical" | "unknown" | "maintenance";

/** The server leaves out what it does not know. */
type Maybe<T> = T | null | undefined;

/** Each number that is judged comes with its limit; `isOver` is the server's judgement, the one of its verdict. */
export interface Database { sizeBytes: number; inUseBytes?: Maybe<number>; quotaBytes?: Maybe<number>; limitBytes?: Maybe<number>; isOver: boolean; member?: Maybe<string> }
export interface WALFsync { p99Seconds: number; shareOver16ms: number; limitShare: number; isOver: boolean; member?: Maybe<string> }
export interface Latency { p99Seconds: number; limitSeconds: number; isOver: boolean; member?: Maybe<string> }
export interface Leader { member: string; id: string; since: number; term: string }
export interface MemberCounts { up: number; voters: number; learners: number; total: number }
export interface HistoryCell { at: number; status: HealthStatus }

/** One cluster as the fleet page shows it. Times are milliseconds since the epoch, 64-bit numbers strings. */
export interface ClusterSummary {
  name: string;
  status: HealthStatus;
  cause: string;
  etcdClusterID?: Maybe<string>;
  members: MemberCounts;
  quorum: { size: number; margin: number; sentence: string };
  leader?: Maybe<Leader>;
  requestsPerSecond?: Maybe<number>;
  database?: Maybe<Database>;
  walFsync?: Maybe<WALFsync>;
  backendCommit?: Maybe<Latency>;
  peerRTT?: Maybe<Latency>;
  agents: { total: number; silent: number; oldestSeconds: number };
  versions: string[];
  alerts: { critical: number; warning: number; info: number };
  history: HistoryCell[];
  updatedAt: number;
}

export interface Member {
  name: string;
  id?: Maybe<string>;
  node?: Maybe<string>;
  instance?: Maybe<string>;
  role: "leader" | "follower" | "learner" | "unknown";
  status: HealthStatus;
  reason: string;
  version?: Maybe<string>;
  term?: Maybe<string>;
  raftIndex?: Maybe<string>;
  appliedIndex?: Maybe<string>;
  indexLag?: Maybe<string>;
  database?: Maybe<Database>;
  walFsync?: Maybe<WALFsync>;
  backendCommit?: Maybe<Latency>;
  startedAt?: Maybe<number>;
  alarms: string[];
  clientURLs: string[];
  peerURLs: string[];
  requestsPerSecond?: Maybe<number>;
  agent?: Maybe<{ id: string; ageSeconds: number }>;
}

export interface Link { from: string; to: string; rttP99Seconds?: Maybe<number>; state: "ok" | "slow" | "broken" | "unknown" }

/** The summary, with the members themselves in place of their counts. */
export interface ClusterDetail extends Omit<ClusterSummary, "members"> {
  memberCounts: MemberCounts;
  members: Member[];
  links: Link[];
}

export const loadClusters = (signal?: AbortSignal) =>
  get<{ clusters: ClusterSummary[]; now: number }>("/api/v1/clusters", signal);

export const loadCluster = (name: string, signal?: AbortSignal) =>
  get<ClusterDetail>(`/api/v1/clusters/${encodeURIComponent(name)}`, signal);
