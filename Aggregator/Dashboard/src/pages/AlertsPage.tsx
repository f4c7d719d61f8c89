import { useState } from "react";
import type { Alert } from "../api/alerts";
import type { Matcher } from "../api/silences";
import { ErrorCard } from "../components/ErrorCard";
import { FilterInput } from "../components/FilterInput";
import { Link } from "../components/Link";
import { PageState } from "../components/PageState";
import { StaleBanner } from "../components/StaleBanner";
import { Mark } from "../components/StatusMark";
import { alerts, alertsError, refreshAlerts } from "../live/fleet";
import { navigate, useParam, withParams } from "../lib/router";
import { may, user } from "../lib/session";
import { useStore } from "../lib/store";
import { useTitle } from "../lib/useTitle";
import { AlertTable } from "./alerts/AlertTable";
import { Channels } from "./alerts/Channels";
import { Deliveries } from "./alerts/Deliveries";
import { alertHeadline, filteredAlerts } from "./alerts/grouping";
import { History } from "./alerts/History";
import { proposedMatchers } from "./alerts/matchers";
import { Rules } from "./alerts/Rules";
import { SilenceDialog } from "./alerts/SilenceDialog";
import { Silences } from "./alerts/Silences";

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
const views = [["", "Active"], ["silences", "Silences"], ["history", "History"], ["rules", "Rules"], ["deliveries", "Deliveries"], ["channels", "Channels"]] as const;
const filters: Record<string, string> = { "": "Filter: cluster, rule, label", history: "Filter: cluster, rule, label", rules: "Filter: name, expression, state" };
/** What belongs to one view only and would mean nothing in the next. */
const ownParams = { q: "", state: "", fingerprint: "", rule: "", expr: "", new: "", status: "", channel: "", days: "" };

/** The alerts that are active now and all around them; of one cluster when it is fixed by the path. */
export function AlertsPage({ cluster }: { cluster: string | null }) {
  useTitle(cluster === null ? "Alerts" : `Alerts of ${cluster}`);
  const known = useStore(alerts);
  const error = useStore(alertsError);
  const mayAct = may(useStore(user), "operator");
  const [text, setText] = useParam("q");
  const [state, setState] = useParam("state");
  const [linked, setLinked] = useParam("fingerprint");
  const [wanted] = useParam("view");
  const [proposed, setProposed] = useState<readonly Matcher[] | null>(null);
  const [made, setMade] = useState(0);
  const shownViews = views.slice(0, cluster === null ? views.length : 3);
  const view = shownViews.some(([key]) => key === wanted) ? wanted : "";
  if (known === null) return <PageState name="the alerts" error={error} retry={() => void refreshAlerts()} />;
  const all: Alert[] = [...known.values()].filter((alert) => cluster === null || alert.cluster === cluster);
  const hasEnded = linked !== "" && !known.has(linked);
  const shown = filteredAlerts(all, text, state);
  const clear = () => { setText(""); setState(""); };
  const filter = filters[view];
  return (
    <>
      <StaleBanner />
      <div className="page-head">
        <h1>{alertHeadline(all)}</h1><span className="grow" />
        {filter !== undefined && <FilterInput value={text} change={setText} label={filter} />}
        {view === "" && <span className="seg" role="group" aria-label="State">
          {states.map(([key, label]) => <button key={key} aria-pressed={state === key} onClick={() => setState(key)}>{label}</button>)}
        </span>}
        {mayAct && view !== "rules" && <button className="btn" aria-haspopup="dialog" onClick={() => setProposed(cluster === null ? [] : [{ name: "cluster", operation: "=", value: cluster }])}>New silence</button>}
        {view === "rules" && <button className="btn" onClick={() => navigate(withParams({ new: "1", rule: "" }))}>New rule</button>}
      </div>
      <nav className="tabs" aria-label="Views of alerts">
        {shownViews.map(([key, label]) => <Link key={key} href={withParams({ ...ownParams, view: key })} {...(key === view ? { "aria-current": "page" as const } : {})}>
          {label}{key === "" && all.length > 0 && <span className="n">{all.length}</span>}</Link>)}
      </nav>
      {error && <ErrorCard title="Cannot refresh the alerts" error={error} retry={() => void refreshAlerts()} />}
      {view === "" && hasEnded && <LinkedAlertEnded forget={() => setLinked("")} />}
      {view === "" && (shown.length === 0 ? <NothingFires isFiltered={all.length > 0} clear={clear} />
        : <AlertTable alerts={shown} linked={linked} mayAct={mayAct} silence={(alert) => setProposed(proposedMatchers(alert.labels))} />)}
      {view === "silences" && <Silences cluster={cluster} revision={made} mayAct={mayAct} />}
      {view === "history" && <History cluster={cluster} text={text} />}
      {view === "rules" && <Rules text={text} />}
      {view === "deliveries" && <Deliveries />}
      {view === "channels" && <Channels mayAct={mayAct} />}
      {proposed && <SilenceDialog proposed={proposed} alerts={all} close={() => setProposed(null)}
        made={() => { setProposed(null); setMade(made + 1); void refreshAlerts(); }} />}
    </>
  );
}
