import { lazy, Suspense } from "react";
import type { User } from "../api/session";
import type { Route } from "../lib/routes";
import { AgentsPage } from "./AgentsPage";
import { AlertsPage } from "./AlertsPage";
import { ClusterPage } from "./ClusterPage";
import { EventsPage } from "./EventsPage";
import { FleetPage } from "./FleetPage";
import { MissingPage } from "./MissingPage";

/** With the charts, which the first page does not need. */
const ExplorePage = lazy(() => import("./ExplorePage").then(({ ExplorePage: page }) => ({ default: page })));

/** The page that the path names. */
export function Page({ route, user }: { route: Route; user: User }) {
  switch (route.page) {
    case "fleet": return <FleetPage />;
    case "cluster": return <ClusterPage key={route.cluster} name={route.cluster} tab={route.tab} user={user} />;
    case "events": return <EventsPage cluster={null} />;
    case "alerts": return <AlertsPage cluster={null} />;
    case "agents": return <AgentsPage cluster={null} user={user} />;
    case "explore": return <Suspense fallback={<div className="chart-wait" aria-busy="true" />}><ExplorePage /></Suspense>;
    case "missing": return <MissingPage />;
  }
}
