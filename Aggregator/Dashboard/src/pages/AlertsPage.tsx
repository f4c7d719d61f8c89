import type { Alert } from "../api/alerts";
import { ErrorCard } from "../components/ErrorCard";
import { FilterInput } from "../components/FilterInput";
import { Link } from "../components/Link";
import { Mark } from "../components/StatusMark";
import { PageState } from "../components/PageState";
import { StaleBanner } from "../components/StaleBanner";
import { alerts, alertsError, refreshAlerts } from "../live/fleet";
import { useParam } from "../lib/router";
import { useStore } from "../lib/store";
import { useTitle } from "../lib/useTitle";
import { AlertTable } from "./alerts/AlertTable";
import { alertHeadline, filteredAlerts } from "./alerts/grouping";

function NothingFires({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  return (
    <section className="card empty">
      {isFiltered ? <h2>No alert matches the filter</h2> : <span className="row"><Mark status="healthy" /><h2>Nothing fires</h2></span>}
      <p>{isFiltered ? "Alerts are hidden by the filter." : "Rules are evaluated every 5 s, and at once when a member changes its state."}</p>
      {isFiltered && <button className="btn" onClick={clear}>Clear filter</button>}
    </section>
  );
}

/** A message is read later than it is sent: what it links to may be over. */
function LinkedAlertEnded({ forget }: { forget: () => void }) {
  return (
    <section className="card empty" data-ended>
      <h2>The alert you followed a link to has ended</h2>
      <p>It no longer fires. What happened and when is among the events.</p>
      <span className="row"><Link className="btn" href="/events">Show events</Link><button className="btn" onClick={forget}>Dismiss</button></span>
    </section>
  );
}

const states: [string, string][] = [["", "All"], ["firing", "Firing"], ["pending", "Pending"]];

/** The alerts that are active now; of one cluster when it is fixed by the path. */
export function AlertsPage({ cluster }: { cluster: string | null }) {
  useTitle(cluster === null ? "Alerts" : `Alerts of ${cluster}`);
  const known = useStore(alerts);
  const error = useStore(alertsError);
  const [text, setText] = useParam("q");
  const [state, setState] = useParam("state");
  const [linked, setLinked] = useParam("fingerprint");
  if (known === null) return <PageState name="the alerts" error={error} retry={() => void refreshAlerts()} />;
  const all: Alert[] = [...known.values()].filter((alert) => cluster === null || alert.cluster === cluster);
  const hasEnded = linked !== "" && !known.has(linked);
  const shown = filteredAlerts(all, text, state);
  const clear = () => { setText(""); setState(""); };
  return (
    <>
      <StaleBanner />
      <div className="page-head">
        <h1>{alertHeadline(all)}</h1><span className="grow" />
        <FilterInput value={text} change={setText} label="Filter: cluster, rule, label" />
        <span className="seg" role="group" aria-label="State">
          {states.map(([key, label]) => <button key={key} aria-pressed={state === key} onClick={() => setState(key)}>{label}</button>)}
        </span>
      </div>
      {error && <ErrorCard title="Cannot refresh the alerts" error={error} retry={() => void refreshAlerts()} />}
      {hasEnded && <LinkedAlertEnded forget={() => setLinked("")} />}
      {shown.length === 0 ? <NothingFires isFiltered={all.length > 0} clear={clear} /> : <AlertTable alerts={shown} linked={linked} />}
    </>
  );
}
