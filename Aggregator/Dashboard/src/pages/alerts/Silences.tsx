import { useState } from "react";
import { CallError } from "../../api/client";
import { endSilence, loadSilences, type Silence } from "../../api/silences";
import { ErrorCard } from "../../components/ErrorCard";
import { Skeleton } from "../../components/Skeleton";
import { Mark } from "../../components/StatusMark";
import { serverNow } from "../../lib/clock";
import { clock } from "../../lib/time";
import { useResource } from "../../lib/useResource";
import { matchersText } from "./matchers";

const order = { active: 0, pending: 1, expired: 2 } as const;
const words = { active: "Active", pending: "Planned", expired: "Ended" } as const;

function when(silence: Silence): string {
  const now = serverNow();
  if (silence.weeklyUntil != null && silence.state !== "expired") {
    const next = silence.activeUntil != null ? `until ${clock(silence.activeUntil, now)}` : silence.nextStart != null ? `next ${clock(silence.nextStart, now)}` : "over";
    return `weekly, ${next}`;
  }
  return silence.state === "pending" ? `from ${clock(silence.startsAt, now)} to ${clock(silence.endsAt, now)}`
    : `${silence.state === "active" ? "until" : "ended"} ${clock(silence.endsAt, now)}`;
}

function SilenceRow({ silence, mayAct, changed }: { silence: Silence; mayAct: boolean; changed: () => void }) {
  const [wrong, setWrong] = useState("");
  const end = () => endSilence(silence.id).then(changed, (error: unknown) => setWrong(error instanceof CallError ? error.message : String(error)));
  return (
    <tr data-silence={silence.id}>
      <td><Mark status={silence.state === "active" ? "maintenance" : "unknown"} size="s" /></td>
      <td className="what"><span className={silence.state === "expired" ? "struck" : "t1"} title={matchersText(silence.matchers)}>{silence.comment}</span>
        <code className="t3">{matchersText(silence.matchers)}</code>{wrong !== "" && <span className="degraded" role="alert">{wrong}</span>}</td>
      <td>{words[silence.state]}<span className="t3"> {silence.kind === "maintenance" ? "maintenance" : ""}</span></td>
      <td>{when(silence)}</td>
      <td>{silence.author}</td>
      <td className="num" title={silence.hides.map((one) => one.sentence ?? one.name).join("\n")}>{silence.hides.length}</td>
      <td className="num">{mayAct && silence.state !== "expired" && <button className="btn quiet" aria-label={`End: ${silence.comment}`} onClick={() => void end()}>End</button>}</td>
    </tr>
  );
}

/** What is not told, by whom and why, and what it hides now. `revision` changes when one was made. */
export function Silences({ cluster, revision, mayAct }: { cluster: string | null; revision: number; mayAct: boolean }) {
  const [ended, setEnded] = useState(0);
  const { data, error, at, reload } = useResource(`silences ${cluster ?? ""}`, `${revision} ${ended}`, (signal) => loadSilences(cluster, signal));
  if (data === null) return error ? <ErrorCard title="Cannot load the silences" error={error} retry={reload} /> : <Skeleton tall />;
  const sorted = [...data].sort((a, b) => order[a.state] - order[b.state] || b.endsAt - a.endsAt);
  return (
    <>
      {error && <ErrorCard title="Cannot refresh the silences" error={error} retry={reload} dataAt={at} />}
      {sorted.length === 0 ? (
        <section className="card empty"><h2>Nothing is silenced</h2><p>A silence keeps matching alerts from being told for a time; they stay in the list, struck through.</p></section>
      ) : (
        <section className="card scroll" tabIndex={0} role="region" aria-label="Silences">
          <table className="table alerts-table">
            <thead><tr><th><span className="sr">Mark</span></th><th>Why, and what it matches</th><th>State</th><th>When</th><th>By</th><th className="num">Hides</th><th><span className="sr">Actions</span></th></tr></thead>
            <tbody>{sorted.map((silence) => <SilenceRow key={silence.id} silence={silence} mayAct={mayAct} changed={() => setEnded(ended + 1)} />)}</tbody>
          </table>
        </section>
      )}
    </>
  );
}
