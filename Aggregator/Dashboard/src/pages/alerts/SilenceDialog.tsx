import { useState, type FormEvent } from "react";
import type { Alert } from "../../api/alerts";
import { CallError } from "../../api/client";
import { createSilence, type Matcher } from "../../api/silences";
import { Dialog } from "../../components/Dialog";
import { Select } from "../../components/Select";
import { matchersText, readMatchers, silencedBy } from "./matchers";

const lengths: [string, string][] = [["1800", "30 min"], ["3600", "1 h"], ["14400", "4 h"], ["28800", "8 h"], ["86400", "1 d"], ["604800", "7 d"]];
const listed = 5;

/** What it would hide now, before it is made. */
function Preview({ hidden }: { hidden: readonly Alert[] }) {
  if (hidden.length === 0) return <p className="small t3">Hides nothing that is active now.</p>;
  return (
    <div className="small">
      <p className="t2">Hides {hidden.length === 1 ? "1 alert" : `${hidden.length} alerts`} that {hidden.length === 1 ? "is" : "are"} active now:</p>
      <ul className="hidden-alerts">{hidden.slice(0, listed).map((alert) => <li key={alert.fingerprint}><b>{alert.cluster ?? alert.name}</b> {alert.sentence}</li>)}</ul>
      {hidden.length > listed && <p className="t3">and {hidden.length - listed} more</p>}
    </div>
  );
}

/** Makes a silence: what it matches, for how long, why. */
export function SilenceDialog({ proposed, alerts, close, made }: {
  proposed: readonly Matcher[]; alerts: readonly Alert[]; close: () => void; made: () => void;
}) {
  const [text, setText] = useState(matchersText(proposed));
  const [seconds, setSeconds] = useState("3600");
  const [comment, setComment] = useState("");
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const matchers = readMatchers(text);
  const hidden = matchers === null ? [] : silencedBy(matchers, alerts);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (matchers === null || comment.trim() === "") return;
    setBusy(true);
    try {
      await createSilence(matchers, Number(seconds), comment.trim());
      made();
    } catch (error) {
      setWrong(error instanceof CallError ? error.message : String(error));
      setBusy(false);
    }
  };
  const length = lengths.find(([key]) => key === seconds)?.[1] ?? "";
  return (
    <Dialog label="New silence" close={close}>
      <form className="dialog" onSubmit={(event) => void submit(event)}>
        <h2>New silence</h2>
        <div className="field"><label htmlFor="silence-comment">Why</label>
          <span className="input"><input id="silence-comment" value={comment} maxLength={1000} autoComplete="off" onChange={(event) => setComment(event.target.value)} aria-describedby="silence-comment-hint" /></span>
          <span className="hint" id="silence-comment-hint">Others read it beside the alerts that it hides.</span></div>
        <div className="field"><label htmlFor="silence-matchers">Matches</label>
          <span className={matchers === null && text !== "" ? "input wrong" : "input"}><input id="silence-matchers" className="mono" value={text} spellCheck={false} autoComplete="off"
            aria-invalid={matchers === null} aria-describedby="silence-matchers-hint" onChange={(event) => setText(event.target.value)} /></span>
          <span className={matchers === null && text !== "" ? "err" : "hint"} id="silence-matchers-hint">{`label="value", with = != =~ or !~ between, separated by commas.`}</span></div>
        <div className="field"><span className="row"><span className="grow">For how long</span><Select label="For how long" value={seconds} options={lengths} choose={setSeconds} /></span></div>
        <Preview hidden={hidden} />
        {wrong !== "" && <p className="critical small" role="alert">No silence was made: {wrong}.</p>}
        <div className="acts"><button type="button" className="btn" onClick={close}>Cancel</button>
          <button className="btn primary" disabled={matchers === null || comment.trim() === "" || isBusy}>Silence for {length}</button></div>
      </form>
    </Dialog>
  );
}
