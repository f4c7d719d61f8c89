import { useState, type FormEvent } from "react";
import type { Range, RangeText } from "../lib/time";

/** "2026-11-24T02:31" in the reader's zone, as a datetime-local field wants it. */
function localText(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Two absolute times. */
export function CustomRange({ range, choose }: { range: Range; choose: (range: RangeText) => void }) {
  const [from, setFrom] = useState(localText(range.from));
  const [to, setTo] = useState(localText(range.to));
  const isValid = Date.parse(from) < Date.parse(to);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) choose({ from: String(Date.parse(from)), to: String(Date.parse(to)) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="field"><label htmlFor="range-from">From</label>
        <span className="input"><input id="range-from" type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} /></span></div>
      <div className="field"><label htmlFor="range-to">To</label>
        <span className={isValid ? "input" : "input wrong"}>
          <input id="range-to" type="datetime-local" value={to} aria-invalid={!isValid} aria-describedby="range-wrong"
            onChange={(event) => setTo(event.target.value)} /></span>
        {!isValid && <span className="err" id="range-wrong">The end must be after the start.</span>}
      </div>
      <button className="btn" disabled={!isValid}>Show this time</button>
    </form>
  );
}
