import type { Route } from "../lib/routes";
import { Icon } from "./Icon";
import { Link } from "./Link";
import { useAlertCounts } from "./NavRail";

/** The rail of narrow screens: five tabs at the bottom. */
export function BottomNav({ route, openPalette }: { route: Route; openPalette: () => void }) {
  const { critical, warning } = useAlertCounts();
  const { page } = route;
  const mark = (is: boolean) => (is ? { "aria-current": "page" as const } : {});
  return (
    <nav className="bottom-nav" aria-label="Main, narrow">
      <Link href="/" {...mark(page === "fleet" || page === "cluster")}><Icon name="fleet" />Fleet</Link>
      <Link href="/alerts" {...mark(page === "alerts")}><Icon name="bell" />Alerts {critical + warning || ""}</Link>
      <Link href="/events" {...mark(page === "events")}><Icon name="events" />Events</Link>
      <Link href="/agents" {...mark(page === "agents")}><Icon name="agent" />Agents</Link>
      <button onClick={openPalette}><Icon name="search" />Go to</button>
    </nav>
  );
}
