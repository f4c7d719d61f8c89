import type { ReactNode } from "react";
import type { ClusterDetail, Member } from "../../api/clusters";
import { Link } from "../../components/Link";
import { Since } from "../../components/Since";
import { Mark, statusWord } from "../../components/StatusMark";
import { clusterPath } from "../../lib/routes";
import { bytes, latency, percent, rate, unknown } from "../../lib/units";
import { quotaShare, versionText } from "../fleet/facts";
import { splitCause } from "./cause";

function Fact({ label, isOver = false, children }: { label: string; isOver?: boolean; children: ReactNode }) {
  return <div><dt>{label}</dt><dd className={isOver ? "degraded" : ""}>{children}</dd></div>;
}

function Facts({ cluster }: { cluster: ClusterDetail }) {
  const { leader, database, walFsync, backendCommit, peerRTT, memberCounts: counts } = cluster;
  const share = quotaShare(cluster);
  return (
    <dl className="bar-facts">
      <Fact label="Members up">{cluster.status === "unknown" ? "?" : counts.up} of {counts.total}</Fact>
      <Fact label="Leader">{leader ? <>{leader.member} <span className="t3">for <Since at={leader.since} />, term {leader.term}</span></> : "none"}</Fact>
      <Fact label="Requests">{rate(cluster.requestsPerSecond)}</Fact>
      <Fact label="DB of quota" isOver={database?.isOver === true}>
        {share === null ? bytes(database?.sizeBytes) : <>{percent(share)} <span className="t3">{bytes(database?.sizeBytes)} of {bytes(database?.quotaBytes)}</span></>}
      </Fact>
      <Fact label="WAL fsyncs over 16 ms" isOver={walFsync?.isOver === true}>
        {walFsync ? <>{percent(walFsync.shareOver16ms)} <span className="t3">p99 {latency(walFsync.p99Seconds)}{walFsync.member ? `, ${walFsync.member}` : ""}</span></> : unknown}
      </Fact>
      <Fact label="Backend commit p99" isOver={backendCommit?.isOver === true}>{latency(backendCommit?.p99Seconds)}</Fact>
      <Fact label="Peer RTT p99" isOver={peerRTT?.isOver === true}>{latency(peerRTT?.p99Seconds)}</Fact>
      <Fact label="Agents" isOver={cluster.agents.silent > 0}>{cluster.agents.silent > 0 ? `${cluster.agents.silent} of ${cluster.agents.total} silent` : `${cluster.agents.total} report`}</Fact>
      <Fact label="Version">{versionText(cluster)}</Fact>
    </dl>
  );
}

/** What is wrong, where, and why; below it the facts. */
export function Verdict({ cluster }: { cluster: ClusterDetail }) {
  const { title, rest } = splitCause(cluster.cause);
  const isSaid = ({ name, reason, status }: Member) => cluster.cause.includes(status === "critical" ? reason : name);
  const said = [rest, ...cluster.members.filter((member) => member.status !== "healthy" && member.reason !== "" && !isSaid(member))
    .map((member) => member.reason), cluster.cause.includes(cluster.quorum.sentence) ? "" : cluster.quorum.sentence].filter((sentence) => sentence !== "");
  const alerts = cluster.alerts.critical + cluster.alerts.warning + cluster.alerts.info;
  return (
    <section className={`verdict is-${cluster.status}`} aria-label="Verdict">
      <div className="say">
        <Mark status={cluster.status} size="l" />
        <div><h1><span className="sr">{statusWord[cluster.status]}: </span>{title || statusWord[cluster.status]}</h1><p>{said.join(" ")}</p></div>
        <div className="acts">{alerts > 0 && <Link className="btn" href={clusterPath(cluster.name, "alerts")}>{alerts === 1 ? "1 alert" : `${alerts} alerts`}</Link>}</div>
      </div>
      <Facts cluster={cluster} />
    </section>
  );
}
