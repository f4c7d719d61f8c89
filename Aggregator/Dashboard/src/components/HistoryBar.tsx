import { memo } from "react";
import type { HealthStatus, HistoryCell } from "../api/clusters";
import { statusWord } from "./StatusMark";

const cellWidth = 4;
const height = 14;
/** Height says it too: low is healthy, middle degraded or maintenance, full critical, thin unknown. */
const rise: Record<HealthStatus, number> = { healthy: 5, degraded: 10, critical: 14, unknown: 1.5, maintenance: 10 };
const cell: Record<HealthStatus, string> = {
  healthy: "cell-ok", degraded: "cell-deg", critical: "cell-crit", unknown: "cell-unk", maintenance: "cell-mnt",
};

function outline(history: readonly HistoryCell[], status: HealthStatus): string {
  const top = height - rise[status];
  return history
    .map((entry, index) => entry.status === status ? `M${index * cellWidth} ${top}h3V${height}h-3z` : "")
    .join("");
}

/** 24 hours, one cell per 15 minutes; one path per status, so that 500 of them stay light. */
export const HistoryBar = memo(function HistoryBar({ name, history }: { name: string; history: readonly HistoryCell[] }) {
  const present = (Object.keys(rise) as HealthStatus[]).filter((status) => history.some((entry) => entry.status === status));
  const said = present.map((status) => {
    const quarters = history.filter((entry) => entry.status === status).length;
    return `${statusWord[status].toLowerCase()} ${quarters / 4} h`;
  });
  return (
    <svg className="history" viewBox={`0 0 ${Math.max(history.length, 1) * cellWidth} ${height}`} preserveAspectRatio="none"
      role="img" aria-label={`Last 24 hours of ${name}: ${said.join(", ") || "nothing seen"}`}>
      {present.map((status) => <path key={status} className={cell[status]} d={outline(history, status)} />)}
    </svg>
  );
});
