import { Fragment, useEffect, useRef } from "react";
import type { Alert } from "../../api/alerts";
import { severityStatus } from "../../components/EventItem";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Since } from "../../components/Since";
import { Mark } from "../../components/StatusMark";
import { clusterPath } from "../../lib/routes";
import { deliveryText, fleetGroup, groupedAlerts } from "./grouping";

function AlertRow({ alert, isLinked }: { alert: Alert; isLinked: boolean }) {
  const delivery = deliveryText(alert);
  const runbook = alert.annotations["runbook_url"];
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (isLinked) row.current?.scrollIntoView({ block: "center" });
  }, [isLinked]);
  return (
    <tr ref={row} data-alert={alert.fingerprint} {...(isLinked ? { "aria-current": true } : {})}>
      <td><Mark status={severityStatus[alert.severity]} /><span className="sr">{alert.severity}</span></td>
      <td className="what"><span className="t1" title={alert.annotations["description"] ?? alert.sentence}>{alert.sentence}</span>
        <span className="t3">{alert.name}</span></td>
      <td className="num"><Since at={alert.firedAt ?? alert.activeAt} /></td>
      <td><span className={delivery.isWrong ? "row degraded" : "row"}>
        {delivery.isWrong ? <Mark status="degraded" size="s" /> : alert.delivery.length > 0 && <Icon name="check" small />}{delivery.text}</span></td>
      <td>{alert.state === "firing" ? "Firing" : "Pending"}</td>
      <td>{runbook && <a className="btn quiet" href={runbook} rel="noreferrer">Runbook</a>}</td>
    </tr>
  );
}

/** Active alerts under their clusters: the sentence first, the rule under it; the one with the fingerprint `linked` stands out. */
export function AlertTable({ alerts, linked }: { alerts: readonly Alert[]; linked: string }) {
  return (
    <section className="card scroll" tabIndex={0} role="region" aria-label="Alerts">
      <table className="table alerts-table">
        <thead><tr><th><span className="sr">Severity</span></th><th>What and where</th><th className="num">For</th><th>Delivered</th><th>State</th>
          <th><span className="sr">Runbook</span></th></tr></thead>
        <tbody>
          {groupedAlerts(alerts).map(([cluster, members]) => (
            <Fragment key={cluster}>
              <tr className="group"><td colSpan={6}>
                {cluster === fleetGroup ? cluster : <Link className="t1" href={clusterPath(cluster)}>{cluster}</Link>}
              </td></tr>
              {members.map((alert) => <AlertRow key={alert.fingerprint} alert={alert} isLinked={alert.fingerprint === linked} />)}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}
