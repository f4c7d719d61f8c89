import type { HealthStatus } from "../api/clusters";

export const statusWord: Record<HealthStatus, string> = {
  healthy: "Healthy", degraded: "Degraded", critical: "Critical", unknown: "Unknown", maintenance: "Maintenance",
};

/** The shape alone, for places where the word stands beside it or in the row's header. */
export function Mark({ status, size = "" }: { status: HealthStatus; size?: "" | "s" | "l" }) {
  return <svg className={`mark ${status} ${size}`.trim()} aria-hidden="true"><use href={`#m-${status}`} /></svg>;
}

/** Shape, then word, then colour. */
export function StatusMark({ status }: { status: HealthStatus }) {
  return <span className={`status ${status}`}><Mark status={status} />{statusWord[status]}</span>;
}
