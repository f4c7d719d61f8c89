import { useState } from "react";
import { loadDeliveries, type LedgerEntry } from "../../api/channels";
import { CallError } from "../../api/client";
import { ErrorCard } from "../../components/ErrorCard";
import { Select } from "../../components/Select";
import { Skeleton } from "../../components/Skeleton";
import { Mark } from "../../components/StatusMark";
import { alerts } from "../../live/fleet";
import { serverNow } from "../../lib/clock";
import { useParam } from "../../lib/router";
import { useStore } from "../../lib/store";
import { clock, iso } from "../../lib/time";
import { duration, unknown } from "../../lib/units";
import { useResource } from "../../lib/useResource";

const marks = { delivered: "healthy", failed: "critical", retrying: "degraded", waiting: "unknown" } as const;
const statuses: [string, string][] = [["", "All"], ["delivered", "Delivered"], ["retrying", "Retrying"], ["failed", "Failed"], ["waiting", "Waiting"]];

function Row({ entry }: { entry: LedgerEntry }) {
  const outcome = entry.error ? `${entry.code ?? ""} ${entry.error}`.trim() : entry.code ?? "";
  return (
    <tr data-delivery={entry.id}>
      <td className="t3"><time dateTime={iso(entry.at)} title={iso(entry.at)}>{clock(entry.at, serverNow(), true)}</time></td>
      <td className="what"><span className="t1">{entry.alert ?? "Several rules"}{entry.cluster ? ` on ${entry.cluster}` : ""}</span>
        <span className="t3">{entry.tells ?? ""}{entry.alerts !== undefined && entry.alerts > 1 ? `, ${entry.alerts} alerts` : ""}</span></td>
      <td>{entry.channel}{entry.insteadOf && <span className="t3"> for {entry.insteadOf}</span>}</td>
      <td><span className="row"><Mark status={marks[entry.status]} size="s" />{entry.status}</span></td>
      <td className={entry.error ? "wide degraded" : "wide t3"} title={String(outcome)}>{outcome === "" ? unknown : outcome}</td>
      <td className="num">{entry.attempts}</td>
      <td className="num">{entry.latencySeconds == null ? unknown : duration(entry.latencySeconds)}</td>
    </tr>
  );
}

/** The ledger: every notification on every channel, newest first. */
export function Deliveries() {
  const [status, setStatus] = useParam("status");
  const [channel, setChannel] = useParam("channel");
  const known = useStore(alerts); // a change of alerts is what makes deliveries
  const identity = `deliveries ${status} ${channel}`;
  const { data, error, at, reload } = useResource(identity, known, (signal) => loadDeliveries({ status, channel }, signal));
  const [older, setOlder] = useState<{ identity: string; entries: LedgerEntry[]; next: string | null; error: CallError | null }>({ identity, entries: [], next: null, error: null });
  if (data === null) return error ? <ErrorCard title="Cannot load the deliveries" error={error} retry={reload} /> : <Skeleton tall />;
  const tail = older.identity === identity ? older : { identity, entries: [], next: null, error: null };
  const next = tail.entries.length > 0 ? tail.next : data.next ?? null;
  const more = () => {
    if (next === null) return;
    loadDeliveries({ status, channel, before: next }).then(
      (page) => setOlder({ identity, entries: [...tail.entries, ...page.deliveries], next: page.next ?? null, error: null }),
      (failure: unknown) => setOlder({ ...tail, error: failure instanceof CallError ? failure : null }));
  };
  const entries = [...new Map([...data.deliveries, ...tail.entries].map((entry) => [entry.id, entry])).values()];
  return (
    <>
      <div className="row wrap"><Select label="Outcome" value={status} options={statuses} choose={setStatus} />
        {channel !== "" && <button className="btn" onClick={() => setChannel("")}>Only {channel}: show all channels</button>}</div>
      {error && <ErrorCard title="Cannot refresh the deliveries" error={error} retry={reload} dataAt={at} />}
      {entries.length === 0 ? <section className="card empty"><h2>Nothing was sent{status || channel ? " that matches" : " yet"}</h2><p>Every attempt on every channel is kept here, with its code and how long it took.</p></section> : (
        <section className="card scroll" tabIndex={0} role="region" aria-label="Deliveries"><table className="table alerts-table ledger-table">
          <thead><tr><th>When</th><th>What</th><th>Channel</th><th>Outcome</th><th>Answer</th><th className="num">Attempts</th><th className="num">Took</th></tr></thead>
          <tbody>{entries.map((entry) => <Row key={entry.id} entry={entry} />)}</tbody></table></section>
      )}
      {tail.error && <ErrorCard title="Cannot load older deliveries" error={tail.error} retry={more} />}
      {next !== null && !tail.error && <div className="row"><button className="btn" onClick={more}>Load older deliveries</button></div>}
    </>
  );
}
