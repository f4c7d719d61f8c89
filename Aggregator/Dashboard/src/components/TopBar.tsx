import type { User } from "../api/session";
import type { Route } from "../lib/routes";
import { Icon } from "./Icon";
import { Link } from "./Link";
import { LiveBadge } from "./LiveBadge";
import { ThemeButton } from "./ThemeButton";
import { TimeRange } from "./TimeRange";

const titles = { fleet: "Fleet", events: "Events", alerts: "Alerts", agents: "Agents", explore: "Explore", missing: "Not found" };

function Crumbs({ route, openPalette }: { route: Route; openPalette: () => void }) {
  if (route.page !== "cluster") return <div className="crumbs"><b>{titles[route.page]}</b></div>;
  return (
    <div className="crumbs">
      <Link className="only-wide" href="/">Fleet</Link><span className="only-wide">/</span>
      <button className="switch" onClick={openPalette} aria-haspopup="dialog">
        <span className="cut">{route.cluster}</span><Icon name="down" small />
      </button>
    </div>
  );
}

/** Where the reader is, what time is shown, how old it is, and the ways to elsewhere. */
export function TopBar({ route, user, openPalette }: { route: Route; user: User; openPalette: () => void }) {
  return (
    <header className="top">
      <Link className="only-narrow" href="/" aria-label="Fleet"><Icon name="logo" /></Link>
      <Crumbs route={route} openPalette={openPalette} />
      <span className="grow" />
      {(route.page === "explore" || (route.page === "cluster" && route.tab === "overview")) && <TimeRange />}
      <LiveBadge />
      <button className="input soft only-wide" onClick={openPalette} aria-haspopup="dialog">
        <Icon name="search" small />Go to<kbd>Ctrl K</kbd>
      </button>
      <span className="badge only-wide">{user.role ?? "some clusters"}</span>
      <ThemeButton />
    </header>
  );
}
