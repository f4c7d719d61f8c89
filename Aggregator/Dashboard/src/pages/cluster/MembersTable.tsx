import type { ClusterDetail, Member } from "../../api/clusters";
import { Age } from "../../components/Age";
import { Icon } from "../../components/Icon";
import { Meter } from "../../components/Meter";
import { Since } from "../../components/Since";
import { Mark, statusWord } from "../../components/StatusMark";
import { serverNow } from "../../lib/clock";
import { bytes, index, latency, percent, rate, unknown } from "../../lib/units";
import { marginText } from "../fleet/facts";

/** Entries that the member has and has not applied yet. */
function toApply({ raftIndex, appliedIndex }: Member): string {
  if (!raftIndex || !appliedIndex) return unknown;
  const pending = BigInt(raftIndex) - BigInt(appliedIndex);
  return index(String(pending > 0n ? pending : 0n));
}

const judged = (number: { isOver: boolean } | null | undefined) => (number?.isOver ? "num m over" : "num m");

function MemberRow({ member }: { member: Member }) {
  const { database, walFsync, backendCommit } = member;
  return (
    <tr data-member={member.name}>
      <td title={member.reason || statusWord[member.status]}>
        <span className="row"><Mark status={member.status} /><span className="sr">{statusWord[member.status]}</span><b>{member.name}</b>
          {member.id && <span className="mono t3" title={member.id}>{member.id.slice(0, 8)}</span>}
          {member.alarms.map((alarm) => <span className="badge critical" key={alarm}>{alarm}</span>)}</span></td>
      <td className="m" data-l="Role"><span className="row">
        {member.role === "leader" ? <span className="t1"><Icon name="star" small /></span> : <span className="i s" />}{member.role}</span></td>
      <td className="num">{member.term ?? unknown}</td>
      <td className="num">{index(member.raftIndex)}</td>
      <td className="num m" data-l="Behind">{index(member.indexLag)}</td>
      <td className="num">{toApply(member)}</td>
      <td className="m" data-l="DB in use / size">
        {database ? <><Meter database={database} /><span className="t1">{bytes(database.inUseBytes)}</span> <span className="t3">/ {bytes(database.sizeBytes)}</span></> : unknown}</td>
      <td className={judged(walFsync)} data-l="Over 16 ms">{percent(walFsync?.shareOver16ms)}</td>
      <td className="num">{latency(walFsync?.p99Seconds)}</td>
      <td className={judged(backendCommit)} data-l="Commit p99">{latency(backendCommit?.p99Seconds)}</td>
      <td className="num m" data-l="Requests">{rate(member.requestsPerSecond)}</td>
      <td className="t3">{member.version ?? unknown}</td>
      <td className="num"><Since at={member.startedAt} /></td>
      <td className="num"><Age at={member.agent ? serverNow() - member.agent.ageSeconds * 1000 : null} suffix="" /></td>
    </tr>
  );
}

/** What each member is and how it does; above it, how many may fail. */
export function MembersTable({ cluster }: { cluster: ClusterDetail }) {
  const { leader, quorum, memberCounts: counts } = cluster;
  const budget = `${marginText(cluster)}${quorum.margin > 0 && leader ? `, not ${leader.member} without an election` : ""}`;
  return (
    <section className="card scroll" tabIndex={0} role="region" aria-label="Members">
      <header><h2>Members</h2>
        <span className="badge">{quorum.margin > 0 ? <Icon name="check" small /> : <Mark status={cluster.status} size="s" />}{budget}</span><span className="grow" />
        <span className="micro t3 only-wide">quorum {quorum.size} of {counts.voters} voters</span></header>
      <table className="table members-table">
        <thead><tr><th>Member</th><th>Role</th><th className="num">Term</th><th className="num">Raft index</th><th className="num">Behind</th><th className="num">To apply</th>
          <th>DB in use / size</th><th className="num">Over 16 ms</th><th className="num">WAL p99</th><th className="num">Commit p99</th><th className="num">Requests</th>
          <th>Version</th><th className="num">Up</th><th className="num">Agent</th></tr></thead>
        <tbody>{cluster.members.map((member) => <MemberRow key={member.id ?? member.name} member={member} />)}</tbody>
      </table>
    </section>
  );
}
