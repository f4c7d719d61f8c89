import type { About } from "../api/about";
import type { User } from "../api/session";
import { alerts } from "../live/fleet";
import { useStore } from "../lib/store";
import { signOut } from "../lib/session";
import { zoneName } from "../lib/time";
import type { Route } from "../lib/routes";
import { Icon } from "./Icon";
import { Link } from "./Link";
import { Mark } from "./StatusMark";

/** Firing alerts by what they ask for: a person now, or soon. */
export function useAlertCounts(): { critical: number; warning: number } {
  const firing = [...(useStore(alerts)?.values() ?? [])].filter((alert) => alert.state === "firing");
  const critical = firing.filter((alert) => alert.severity === "critical").length;
  return { critical, warning: firing.length - critical };
}

function AlertCount() {
  const { critical, warning } = useAlertCounts();
  if (critical + warning === 0) return null;
  return (
    <span className="count">
      {critical > 0 && <><Mark status="critical" size="s" /><span>{critical}<span className="sr"> critical</span></span></>}
      {warning > 0 && <><Mark status="degraded" size="s" /><span>{warning}<span className="sr"> other</span></span></>}
    </span>
  );
}

function Item({ href, icon, label, current, children }: {
  href: string; icon: string; label: string; current: boolean; children?: JSX.Element;
}) {
  return (
    <li>
      <Link href={href} {...(current ? { "aria-current": "page" as const } : {})}><Icon name={icon} />{label}{children}</Link>
    </li>
  );
}

/** The frame's left side, wide screens only. */
export function NavRail({ route, user, about }: { route: Route; user: User; about: About | null }) {
  const { page } = route;
  return (
    <nav className="nav" aria-label="Main">
      <Link className="brand" href="/"><Icon name="logo" />etcd-monitor</Link>
      <ul>
        <Item href="/" icon="fleet" label="Fleet" current={page === "fleet" || page === "cluster"} />
        <Item href="/alerts" icon="bell" label="Alerts" current={page === "alerts"}><AlertCount /></Item>
        <Item href="/events" icon="events" label="Events" current={page === "events"} />
        <Item href="/agents" icon="agent" label="Agents" current={page === "agents"} />
        <Item href="/explore" icon="explore" label="Explore" current={page === "explore"} />
      </ul>
      <div className="foot">
        <span className="row"><span className="cut grow" title={user.role === null ? user.name : `${user.name}, ${user.role}`}>{user.name}</span>
          <button className="btn quiet icon" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}><Icon name="out" /></button>
        </span>
        {about?.version && <span className="cut">Aggregator {about.version}</span>}
        <span className="cut" title="All clock times are in this zone">{zoneName()}</span>
      </div>
    </nav>
  );
}
