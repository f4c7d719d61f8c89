import { useState } from "react";
import { queryRange } from "../../api/series";
import { makeGrid } from "../../charts/grid";
import { selectorFor } from "../../charts/catalogue";
import { ErrorCard } from "../../components/ErrorCard";
import { Link } from "../../components/Link";
import { Select } from "../../components/Select";
import { Skeleton } from "../../components/Skeleton";
import { Mark } from "../../components/StatusMark";
import { serverNow } from "../../lib/clock";
import { useParam } from "../../lib/router";
import { clusterPath } from "../../lib/routes";
import { clock, iso } from "../../lib/time";
import { duration } from "../../lib/units";
import { useResource } from "../../lib/useResource";
import { firedIntervals, type Past } from "./intervals";

const ranges: [string, string][] = [["", "Last 24 h"], ["7", "Last 7 d"], ["30", "Last 30 d"]];
const points = 1440;
const listed = 200;
const aroundMilliseconds = 900_000;
const marks: Record<string, "critical" | "degraded" | "healthy"> = { critical: "critical", warning: "degraded" };

function Row({ past, step }: { past: Past; step: number }) {
  const now = serverNow();
  const labels = Object.entries(past.labels).map(([name, value]) => `${name}=${value}`).join(", ");
  const around = new URLSearchParams({ from: String(past.from - aroundMilliseconds), to: String(Math.min(now, past.to + aroundMilliseconds)) });
  return (
    <tr>
      <td><Mark status={marks[past.severity] ?? "healthy"} /><span className="sr">{past.severity}</span></td>
      <td className="what"><span className="t1">{past.name}</span><span className="t3" title={labels}>{labels}</span></td>
      <td className="num"><time dateTime={iso(past.from)} title={iso(past.from)}>{clock(past.from, now)}</time></td>
      <td className="num">{past.isOpen ? "fires still" : duration(Math.max(step, (past.to - past.from) / 1000))}</td>
      <td>{past.cluster === null ? "" : <Link href={`${clusterPath(past.cluster)}?${around}`}>{past.cluster}</Link>}</td>
    </tr>
  );
}

/** What fired and for how long; each links to the charts around it. */
export function History({ cluster, text }: { cluster: string | null; text: string }) {
  const [days, setDays] = useParam("days");
  const [now] = useState(serverNow);
  const length = Number(days === "7" || days === "30" ? days : "1") * 86_400_000;
  const grid = makeGrid({ from: now - length, to: now }, points);
  const query = `ALERTS{alertstate="firing"${cluster === null ? "" : `,${selectorFor(cluster)}`}}`;
  const { data, error, reload } = useResource(`history ${cluster ?? ""} ${days}`, 0, (signal) => queryRange(query, grid, signal), { choice: days });
  if (data === null) return error ? <ErrorCard title="Cannot load the history" error={error} retry={reload} /> : <Skeleton tall />;
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const all = firedIntervals(data, grid.step, grid.end)
    .filter((past) => words.every((word) => `${past.name} ${past.cluster ?? ""} ${past.severity} ${Object.values(past.labels).join(" ")}`.toLowerCase().includes(word)));
  return (
    <>
      <div className="row wrap"><Select label="How far back" value={days} options={ranges} choose={setDays} /><span className="t3 small">Seen every {duration(grid.step)}; what was shorter may be missing.</span></div>
      {all.length === 0 ? <section className="card empty"><h2>Nothing fired{words.length > 0 ? " that matches the filter" : ""}</h2></section> : (
        <section className="card scroll" tabIndex={0} role="region" aria-label="History"><table className="table alerts-table history-table">
          <thead><tr><th><span className="sr">Severity</span></th><th>Rule and where</th><th className="num">Began</th><th className="num">For</th><th>Cluster</th></tr></thead>
          <tbody>{all.slice(0, listed).map((past) => <Row key={`${past.name} ${past.from} ${JSON.stringify(past.labels)} ${past.cluster}`} past={past} step={grid.step} />)}</tbody></table></section>
      )}
      {all.length > listed && <p className="t3 small">The newest {listed} of {all.length}.</p>}
    </>
  );
}
