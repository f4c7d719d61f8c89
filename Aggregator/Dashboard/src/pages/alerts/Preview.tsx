import { useState } from "react";
import { backtest, type Backtest, type Firing, type Question } from "../../api/rules";
import { ErrorCard } from "../../components/ErrorCard";
import { Select } from "../../components/Select";
import { clusters } from "../../live/fleet";
import { serverNow } from "../../lib/clock";
import { useStore } from "../../lib/store";
import { clock } from "../../lib/time";
import { duration } from "../../lib/units";
import { useResource } from "../../lib/useResource";

const ranges: [string, string][] = [["1", "24 h"], ["7", "7 d"], ["30", "30 d"]];
const dayMilliseconds = 86_400_000;
const listed = 20;
const stripUnits = 1000;

/** "Would have fired 2 times in 7 d, 12 min in all." */
export function backtestSentence(report: Pick<Backtest, "count" | "firingSeconds" | "pendingOnly">, range: string): string {
  const pending = report.pendingOnly > 0 ? ` It began to pend ${report.pendingOnly} times without firing.` : "";
  if (report.count === 0) return `Would not have fired in ${range}.${pending}`;
  return `Would have fired ${report.count === 1 ? "once" : `${report.count} times`} in ${range}, ${duration(report.firingSeconds)} in all.${pending}`;
}

/** Where in the range it would have fired; the list beneath says the same in words. */
function Strip({ firings, start, end }: { firings: readonly Firing[]; start: number; end: number }) {
  const place = (at: number) => Math.max(0, Math.min(stripUnits, ((at - start) / (end - start)) * stripUnits));
  return (
    <svg className="backtest-strip" viewBox={`0 0 ${stripUnits} 20`} preserveAspectRatio="none" aria-hidden="true">
      <rect className="track" width={stripUnits} height="20" />
      {firings.map((firing, index) => {
        const x = place(firing.firedAt);
        return <rect key={index} className="fired" x={x} width={Math.max(2, place(firing.resolvedAt ?? end) - x)} height="20" />;
      })}
    </svg>
  );
}

function FiringRow({ firing, now }: { firing: Firing; now: number }) {
  const labels = Object.entries(firing.labels).filter(([name]) => !["alertname", "severity", "job"].includes(name)).map(([name, value]) => `${name}=${value}`).join(", ");
  return (
    <tr>
      <td>{clock(firing.firedAt, now)}</td><td className="num">{duration(firing.firingSeconds)}</td>
      <td className="what"><span className="t1" title={labels}>{labels}</span>
        <span className="t3" title={firing.events.map((event) => event.sentence).join("\n")}>{firing.eventCount === 0 ? "no event near it" : firing.events[0]?.sentence}{firing.eventCount > 1 && `, and ${firing.eventCount - 1} more`}</span></td>
    </tr>
  );
}

/** When a rule would have fired over what is stored, and what happened then. */
export function Preview({ question, identity }: { question: { rule: string } | { expr: string; forSeconds: number }; identity: string }) {
  const [days, setDays] = useState("1");
  const [cluster, setCluster] = useState("");
  const [end, setEnd] = useState(serverNow);
  const start = end - Number(days) * dayMilliseconds;
  const asked: Question = { ...question, start, ...(cluster === "" ? {} : { cluster }) };
  const choice = `${days} ${cluster} ${end}`;
  const { data, error, reload } = useResource(`backtest ${identity} ${choice}`, 0, (signal) => backtest(asked, signal), { choice });
  const names = [...(useStore(clusters)?.keys() ?? [])].sort();
  const range = ranges.find(([key]) => key === days)?.[1] ?? "";
  const choose = (set: (value: string) => void) => (value: string) => { setEnd(serverNow()); set(value); };
  return (
    <div className="stack" data-preview>
      <div className="row wrap"><h3>Over stored history</h3><span className="grow" />
        <Select label="Cluster of the backtest" value={cluster} choose={choose(setCluster)} options={[["", "All clusters"], ...names.map((name): [string, string] => [name, name])]} />
        <span className="seg" role="group" aria-label="Length of the backtest">{ranges.map(([key, label]) => <button key={key} type="button" aria-pressed={days === key} onClick={() => choose(setDays)(key)}>{label}</button>)}</span></div>
      {error && <ErrorCard title={error.status >= 400 && error.status < 500 ? "The rule cannot be tried" : "Cannot run the backtest"} error={error} retry={reload} />}
      {data === null && !error && <p className="t3" role="status" aria-busy="true">Evaluating the rule over {range}…</p>}
      {data && (
        <>
          <p className="t1" role="status">{backtestSentence(data, range)}</p>
          <Strip firings={data.firings} start={start} end={end} />
          {data.firings.length > 0 && (
            <div className="scroll" tabIndex={0} role="region" aria-label="Firings"><table className="table alerts-table backtest-table"><thead><tr><th>When</th><th className="num">For</th><th>What, and what happened then</th></tr></thead>
              <tbody>{data.firings.slice(0, listed).map((firing, index) => <FiringRow key={index} firing={firing} now={end} />)}</tbody></table></div>
          )}
          {data.count > listed && <p className="t3 small">The first {listed} of {data.count}.</p>}
          {data.notes.map((note) => <p key={note} className="t3 small">{note}</p>)}
        </>
      )}
    </div>
  );
}
