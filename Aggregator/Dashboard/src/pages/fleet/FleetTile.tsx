import { memo, type ReactNode } from "react";
import type { ClusterSummary } from "../../api/clusters";
import { Age } from "../../components/Age";
import { HistoryBar } from "../../components/HistoryBar";
import { Link } from "../../components/Link";
import { MemberDots } from "../../components/MemberDots";
import { Spark } from "../../components/Spark";
import { Since } from "../../components/Since";
import { Mark, statusWord } from "../../components/StatusMark";
import { clusterPath } from "../../lib/routes";
import { agentHeardAt, databaseFact, fsyncFact, marginText, requestFact, versionText, type Fact } from "./facts";

function FactCell({ label, value, sub, isOver = false }: { label: string; value: ReactNode; sub: ReactNode; isOver?: boolean }) {
  return <div><dt>{label}</dt><dd>{isOver ? <span className="degraded">{value}</span> : value}</dd><dd className="sub">{sub}</dd></div>;
}

const spread = (fact: Fact) => ({ value: fact.value, sub: fact.sub, isOver: fact.isOver });

/** A cluster that wants attention. All of the tile is the link. */
export const FleetTile = memo(function FleetTile({ cluster }: { cluster: ClusterSummary }) {
  const { name, status, members, leader } = cluster;
  return (
    <Link className={`tile is-${status}`} href={clusterPath(name)} data-cluster={name}>
      <div className="head">
        <Mark status={status} /><h2 className="cut" title={name}>{name}</h2>
        <span className={`small ${status} nowrap`}>{statusWord[status]}</span>
        <span className="grow" /><span className="micro t3 nowrap">{versionText(cluster)}</span>
      </div>
      <p className="cause" title={cluster.cause}>{cluster.cause}</p>
      <dl className="facts five">
        <FactCell label="Members" sub={marginText(cluster)}
          value={<><MemberDots cluster={cluster} />{status === "unknown" ? "?" : members.up}/{members.total}</>} />
        <FactCell label="Leader" value={<span title={leader?.member}>{leader ? leader.member : "none"}</span>}
          sub={leader ? <Since at={leader.since} /> : ""} />
        <FactCell label="Requests" value={requestFact(cluster)} sub={<Spark cluster={name} />} />
        <FactCell label="DB of quota" {...spread(databaseFact(cluster))} />
        <FactCell label="Over 16 ms" {...spread(fsyncFact(cluster))} />
      </dl>
      <div className="hist-row"><HistoryBar name={name} history={cluster.history} /><Age at={agentHeardAt(cluster)} /></div>
    </Link>
  );
});
