export type FleetView = "" | "tiles" | "table";

const views: [FleetView, string][] = [["", "Worst first"], ["tiles", "Tiles"], ["table", "Table"]];

/** How the clusters are laid out. */
export function ViewSwitch({ view, choose }: { view: FleetView; choose: (view: FleetView) => void }) {
  return (
    <span className="seg only-wide" role="group" aria-label="View">
      {views.map(([key, label]) => (
        <button key={key} aria-pressed={view === key} onClick={() => choose(key)}>{label}</button>
      ))}
    </span>
  );
}
