import { useEffect } from "react";
import { FilterInput } from "../components/FilterInput";
import { PageState } from "../components/PageState";
import { StaleBanner } from "../components/StaleBanner";
import { clusters, clustersError, refreshClusters } from "../live/fleet";
import { startSparks } from "../live/sparks";
import { useParam } from "../lib/router";
import { useStore } from "../lib/store";
import { useTitle } from "../lib/useTitle";
import { headline, worstFirst } from "../lib/worst";
import { filtered } from "./fleet/columns";
import { FirstStart } from "./fleet/FirstStart";
import { FleetTable } from "./fleet/FleetTable";
import { FleetTiles } from "./fleet/FleetTiles";
import { NothingFound } from "./fleet/NothingFound";
import { StatusChips } from "./fleet/StatusChips";
import { ViewSwitch, type FleetView } from "./fleet/ViewSwitch";

const byRequests = { key: "requests", isDescending: true };
const byName = { key: "name", isDescending: false };

/** All clusters, worst first: tiles for those that want attention, lines for those that are well. */
export function FleetPage() {
  useTitle("Fleet");
  useEffect(startSparks, []);
  const known = useStore(clusters);
  const error = useStore(clustersError);
  const [text, setText] = useParam("q");
  const [status, setStatus] = useParam("status");
  const [view, setView] = useParam("view");
  if (known === null) return <PageState name="the fleet" error={error} retry={() => void refreshClusters()} cards={6} />;
  const all = [...known.values()];
  if (all.length === 0) return <FirstStart />;
  const shown = filtered(all, text, status);
  const unwell = shown.filter((cluster) => cluster.status !== "healthy");
  const well = shown.filter((cluster) => cluster.status === "healthy");

  return (
    <>
      <StaleBanner />
      <div className="page-head">
        <h1>{headline(all)}</h1><span className="sr" role="status">{headline(all)}</span><span className="grow" />
        <FilterInput value={text} change={setText} label="Filter by name, status, cause" />
        <ViewSwitch view={view as FleetView} choose={setView} />
      </div>
      <StatusChips clusters={all} chosen={status} choose={setStatus} />
      {shown.length === 0 && <NothingFound all={all} text={text} clear={() => { setText(""); setStatus(""); }} />}
      {view === "table" && shown.length > 0 && <FleetTable clusters={shown} fallback={byName} label="Clusters" />}
      {view === "tiles" && <FleetTiles clusters={worstFirst(shown)} />}
      {view === "" && unwell.length > 0 && <FleetTiles clusters={worstFirst(unwell)} />}
      {view === "" && well.length > 0 && (
        <>
          <div className="section">
            <h2>Healthy</h2><span className="t3">{well.length} {well.length === 1 ? "cluster" : "clusters"}</span>
            <span className="grow" /><span className="t3 only-wide">24 h history: tall is worse, a thin line is unknown</span>
          </div>
          <FleetTable clusters={well} fallback={byRequests} label="Healthy clusters" />
        </>
      )}
    </>
  );
}
