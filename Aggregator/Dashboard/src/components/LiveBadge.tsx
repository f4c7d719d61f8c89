import { clusters, stream } from "../live/fleet";
import { now } from "../lib/clock";
import { useStore } from "../lib/store";
import { duration } from "../lib/units";

/** Tells whether the page shows now: Live, Old with its age, or Lost. */
export function LiveBadge() {
  const { liveness, lastFrame } = useStore(stream.state);
  const clock = useStore(now);
  const newest = Math.max(0, ...[...(useStore(clusters)?.values() ?? [])].map((cluster) => cluster.updatedAt));
  const age = lastFrame === null ? "" : duration((performance.now() - lastFrame) / 1000);
  if (liveness === "connecting") return <span className="age" role="status">Connecting</span>;
  if (liveness === "live") return <span className="age" role="status"><span className="dot" />Live{newest > 0 && <span className="t3 only-wide" aria-hidden="true" title="Age of the newest data">{duration((clock - newest) / 1000)}</span>}</span>;
  return (
    <span className="row">
      <span className={`age ${liveness}`} role="status">
        <span className="dot" />{liveness === "old" ? "Old" : "Lost"}<span aria-hidden="true">{age}</span>
      </span>
      <button className="btn quiet only-wide" onClick={stream.reconnect}>Reconnect</button>
    </span>
  );
}
