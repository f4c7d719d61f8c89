import { Dialog } from "./Dialog";

const keys: [string, string][] = [
  ["Ctrl K or :", "Go to a cluster or page"], ["g f", "Fleet"], ["g a", "Alerts"], ["g e", "Events"], ["g n", "Agents"], ["g x", "Explore"],
  ["Ctrl Enter", "Run the query of Explore"],
  ["/", "Filter"], ["[ and ]", "Step back and forward in time"], ["t a", "Freeze the time range, so that the address stays true"],
  ["Drag, Shift drag", "Zoom into a chart, move it in time; Back undoes"], ["← →", "Move the crosshair of a focused chart; with Shift by ten"], ["Esc", "Close, clear"], ["?", "This list"],
];

/** The keys. */
export function HelpDialog({ close }: { close: () => void }) {
  return (
    <Dialog label="Keys" close={close}>
      <div className="dialog">
        <h2>Keys</h2>
        <dl className="kv left">
          {keys.map(([key, meaning]) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd key={meaning}>{meaning}</dd>])}
        </dl>
        <div className="acts"><button className="btn" onClick={close}>Close <kbd>Esc</kbd></button></div>
      </div>
    </Dialog>
  );
}
