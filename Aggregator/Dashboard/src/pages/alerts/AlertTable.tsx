import { Fragment, useEffect, useRef, useState } from "react";
import { acknowledge, withdrawAcknowledgement, type Alert } from "../../api/alerts";
import { CallError } from "../../api/client";
import { severityStatus } from "../../components/EventItem";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Since } from "../../components/Since";
import { Mark } from "../../components/StatusMark";
import { refreshAlerts } from "../../live/fleet";
import { clusterPath } from "../../lib/routes";
import { count, figures } from "../../lib/units";
import { deliveryText, fleetGroup, groupedAlerts, stateText } from "./grouping";

interface Actions { mayAct: boolean; silence: (alert: Alert) => void }

/** What changed an alert is shown at once: the list is asked for again. */
function useAction(): [string, (run: () => Promise<unknown>) => void] {
  const [wrong, setWrong] = useState("");
  return [wrong, (run) => {
    setWrong("");
    run().then(refreshAlerts, (error: unknown) => setWrong(error instanceof CallError ? error.message : String(error)));
  }];
}

function RowActions({ alert, silence }: { alert: Alert; silence: (alert: Alert) => void }) {
  const [wrong, act] = useAction();
  const isSilenced = alert.suppressedBy?.some((one) => one.reason === "silence") === true;
  return (
    <span className="row acts">
      {wrong !== "" && <span className="degraded" role="alert">{wrong}</span>}
      {alert.acknowledgement
        ? <button className="btn quiet" aria-label={`Lay down ${alert.name}`} onClick={() => act(() => withdrawAcknowledgement(alert.fingerprint))}>Lay down</button>
        : <button className="btn quiet" aria-label={`Acknowledge ${alert.name}`} onClick={() => act(() => acknowledge(alert.fingerprint, null))}>Ack</button>}
      {!isSilenced && <button className="btn quiet" aria-label={`Silence ${alert.name}`} aria-haspopup="dialog" onClick={() => silence(alert)}>Silence</button>}
    </span>
  );
}

/** What fired it, why, what to do: folded until it is asked for. */
function Details({ alert }: { alert: Alert }) {
  const { cause, action, description } = alert.annotations;
  const runbook = alert.annotations["runbook_url"];
  const explained = cause ?? (description === alert.sentence ? undefined : description);
  return (
    <details className="alert-more">
      <summary>{alert.name}{alert.value != null && <span className="t2">, value {Number.isInteger(alert.value) ? count(alert.value) : figures(alert.value)}</span>}</summary>
      <dl className="kv left">
        {explained && <><dt>Cause</dt><dd>{explained}</dd></>}
        {action && <><dt>What to do</dt><dd>{action}</dd></>}
        <dt>Labels</dt><dd>{Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`).join(", ")}</dd>
        {alert.acknowledgement && <><dt>Taken up</dt><dd>by {alert.acknowledgement.author}{alert.acknowledgement.comment && `: ${alert.acknowledgement.comment}`}</dd></>}
        {runbook && <><dt>Runbook</dt><dd><a href={runbook} rel="noreferrer">{runbook}</a></dd></>}
      </dl>
    </details>
  );
}

function AlertRow({ alert, isLinked, mayAct, silence }: { alert: Alert; isLinked: boolean } & Actions) {
  const delivery = deliveryText(alert);
  const row = useRef<HTMLTableRowElement>(null);
  const isStruck = alert.suppressedBy?.some((one) => one.reason !== "acknowledgement") === true;
  useEffect(() => {
    if (isLinked) row.current?.scrollIntoView({ block: "center" });
  }, [isLinked]);
  return (
    <tr ref={row} data-alert={alert.fingerprint} {...(isLinked ? { "aria-current": true } : {})}>
      <td><Mark status={severityStatus[alert.severity]} /><span className="sr">{alert.severity}</span></td>
      <td className="what"><span className={isStruck ? "struck" : "t1"} title={alert.annotations["description"] ?? alert.sentence}>{alert.sentence}</span>
        <Details alert={alert} /></td>
      <td className="num"><Since at={alert.firedAt ?? alert.activeAt} /></td>
      <td><span className={delivery.isWrong ? "row degraded" : "row"}>
        {delivery.isWrong ? <Mark status="degraded" size="s" /> : alert.delivery.length > 0 && <Icon name="check" small />}{delivery.text}</span></td>
      <td>{stateText(alert)}</td>
      <td className="num">{mayAct && <RowActions alert={alert} silence={silence} />}</td>
    </tr>
  );
}

/** Active alerts under their clusters: the sentence first, the rule under it; the one with the fingerprint `linked` stands out. */
export function AlertTable({ alerts, linked, mayAct, silence }: { alerts: readonly Alert[]; linked: string } & Actions) {
  return (
    <section className="card scroll" tabIndex={0} role="region" aria-label="Alerts">
      <table className="table alerts-table">
        <thead><tr><th><span className="sr">Severity</span></th><th>What and where</th><th className="num">For</th><th>Delivered</th><th>State</th>
          <th><span className="sr">Actions</span></th></tr></thead>
        <tbody>
          {groupedAlerts(alerts).map(([cluster, members]) => (
            <Fragment key={cluster}>
              <tr className="group"><td colSpan={6}>
                {cluster === fleetGroup ? cluster : <Link className="t1" href={clusterPath(cluster)}>{cluster}</Link>}
              </td></tr>
              {members.map((alert) => <AlertRow key={alert.fingerprint} alert={alert} isLinked={alert.fingerprint === linked} mayAct={mayAct} silence={silence} />)}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}
