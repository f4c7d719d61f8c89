import { Link } from "../components/Link";
import { useTitle } from "../lib/useTitle";

/** An address that leads nowhere. */
export function MissingPage() {
  useTitle("Not found");
  return (
    <section className="card empty">
      <h1>There is no such page</h1>
      <p>{location.pathname} leads nowhere. Every cluster is on the fleet page.</p>
      <Link className="btn" href="/">Open the fleet</Link>
    </section>
  );
}
