import type { ReactNode } from "react";
import type { CallError } from "../api/client";
import { duration } from "../lib/units";
import { now } from "../lib/clock";
import { useStore } from "../lib/store";
import { Icon } from "./Icon";
import { Mark } from "./StatusMark";

interface Props {
  /** "Cannot load this chart" */
  title: string;
  error: CallError;
  retry: () => void;
  /** performance.now() of the answer that `children` show. */
  dataAt?: number | null;
  children?: ReactNode;
}

/** The call, its answer, Retry; what was there before stays below and says how old it is. */
export function ErrorCard({ title, error, retry, dataAt, children }: Props) {
  useStore(now);
  const age = dataAt == null ? null : duration((performance.now() - dataAt) / 1000);
  return (
    <section className="card problem">
      <header className="ruled"><Mark status="critical" /><h2>{title}</h2></header>
      <div className="body stack">
        <p role="alert">
          {error.call} {error.status > 0 ? <>answered <b>{error.status}</b></> : "got no answer"} after{" "}
          {error.seconds.toFixed(1)}{"\u202f"}s: {error.message}.{age !== null && ` Shown below is what was here ${age} ago.`}
        </p>
        {children}
        <div className="row">
          <button className="btn" onClick={retry}><Icon name="retry" small />Retry</button>
          <span className="grow" />
          {age !== null && <span className="age old"><span className="dot" />{age} old</span>}
        </div>
      </div>
    </section>
  );
}
