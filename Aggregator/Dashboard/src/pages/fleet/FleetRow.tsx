import { memo } from "react";
import type { ClusterSummary } from "../../api/clusters";
import { Age } from "../../components/Age";
import { HistoryBar } from "../../components/HistoryBar";
import { Link } from "../../components/Link";
import { MemberDots } from "../../components/MemberDots";
import { Meter } from "../../components/Meter";
import { Spark } from "../../components/Spark";
import { Since } from "../../components/Since";
import { Mark, statusWord } from "../../components/StatusMark";
import { clusterPath } from "../../lib/routes";
import { latency, unknown } from "../../lib/units";
import { agentHeardAt, databaseFact, fsyncFact, requestFact, versionText } from "./facts";

/** One cluster in one line. */
export const FleetRow = memo(function FleetRow({ cluster }: { cluster: ClusterSummary }) {
  const { name, status, members, leader, quorum } = cluster;
  const database = databaseFact(cluster);
  const fsync = fsyncFact(cluster);
  return (
    <tr data-cluster={name}>
      <td className="m">
        <span className="row"><Mark status={status} /><span className="sr">{statusWord[status]}</span>
          <Link className="name cut" href={clusterPath(name)} title={status === "healthy" ? name : cluster.cause}>{name}</Link></span>
      </td>
      <td className="m" data-l="members"><MemberDots cluster={cluster} /> {status === "unknown" ? "?" : members.up} of {members.total}</td>
      <td className="num">{status === "unknown" ? unknown : quorum.margin}</td>
      <td><span className="row">{leader ? <><span className="cut lead">{leader.member}</span> <span className="t3"><Since at={leader.since} /></span></> : "none"}</span></td>
      <td className="num t1 m" data-l="requests">{requestFact(cluster)}</td>
      <td><Spark cluster={name} /></td>
      <td className="nowrap" title={database.sub}>
        {cluster.database && <Meter database={cluster.database} />}<span className={database.isOver ? "over" : ""}>{database.value}</span>
      </td>
      <td className={fsync.isOver ? "num over" : "num"}>{fsync.value}</td>
      <td className="num m" data-l="WAL p99">{latency(cluster.walFsync?.p99Seconds)}</td>
      <td className="num"><Age at={agentHeardAt(cluster)} suffix="" /></td>
      <td className="t3">{versionText(cluster)}</td>
      <td className="m only-wide"><HistoryBar name={name} history={cluster.history} /></td>
    </tr>
  );
});
