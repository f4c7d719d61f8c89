import type { ClusterSummary } from "../api/clusters";

/** Where the server draws the line; null while it has nothing to judge. */
export interface Limits { fsyncShare: number | null; commitSeconds: number | null; rttSeconds: number | null }

export const limitsOf = ({ walFsync, backendCommit, peerRTT }: Pick<ClusterSummary, "walFsync" | "backendCommit" | "peerRTT">): Limits =>
  ({ fsyncShare: walFsync?.limitShare ?? null, commitSeconds: backendCommit?.limitSeconds ?? null, rttSeconds: peerRTT?.limitSeconds ?? null });
