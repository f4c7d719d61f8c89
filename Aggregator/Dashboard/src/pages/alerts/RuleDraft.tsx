import { useState, type FormEvent } from "react";
import { CopyButton } from "../../components/CopyButton";
import { Icon } from "../../components/Icon";
import { Select } from "../../components/Select";
import { alertRule } from "../explore/rule";
import { Preview } from "./Preview";

const holds: [string, string][] = [["0", "At once"], ["60", "For 1 min"], ["300", "For 5 min"], ["900", "For 15 min"], ["3600", "For 1 h"]];

/** A rule that is not loaded: tried over history before it is written to a file. */
export function RuleDraft({ expression, close }: { expression: string; close: () => void }) {
  const [text, setText] = useState(expression);
  const [hold, setHold] = useState("300");
  const [tried, setTried] = useState({ expr: expression, forSeconds: 300 });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") setTried({ expr: text.trim(), forSeconds: Number(hold) });
  };
  return (
    <section className="card" aria-label="New rule">
      <header className="ruled"><h2>New rule</h2><span className="grow" /><button className="btn quiet icon" aria-label="Close" onClick={close}><Icon name="x" small /></button></header>
      <div className="body stack">
        <form className="stack" onSubmit={submit}>
          <div className="field"><label htmlFor="draft-expression">Fires while this is true (PromQL)</label>
            <textarea id="draft-expression" className="code" rows={3} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} /></div>
          <div className="row wrap"><Select label="How long it has to be true" value={hold} options={holds} choose={setHold} />
            <button className="btn primary" disabled={text.trim() === ""}>Try</button><CopyButton label="Copy as rule file" text={() => alertRule(text, Number(hold))} /></div>
          <p className="small t3">Rules stand in files of Prometheus's format; put the copy beside the others on the aggregator, it is loaded without a restart.</p>
        </form>
        {tried.expr !== "" && <Preview question={tried} identity={`${tried.expr} ${tried.forSeconds}`} />}
      </div>
    </section>
  );
}
