import { Enrolment } from "../../components/Enrolment";
import { Link } from "../../components/Link";
import { may, user } from "../../lib/session";
import { useStore } from "../../lib/store";

/** The first page after the first start: what to run so that it fills. */
export function FirstStart() {
  const isAdmin = may(useStore(user), "admin");
  return (
    <>
      <div className="page-head"><h1>No cluster yet</h1></div>
      <section className="card empty">
        <p>Run this on any etcd host. The cluster appears here within 10 s; its other members are named, so that you can add them.</p>
        <Enrolment token={null} />
        {isAdmin && <Link className="btn primary" href="/agents">Make a token</Link>}
      </section>
    </>
  );
}
