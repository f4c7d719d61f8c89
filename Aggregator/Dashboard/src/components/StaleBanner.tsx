import { problems, stream } from "../live/fleet";
import { now } from "../lib/clock";
import { useStore } from "../lib/store";
import { duration } from "../lib/units";
import { Icon } from "./Icon";

/** Over the content while the aggregator cannot do its work, and once the stream is silent: the values below may be wrong. */
export function StaleBanner() {
  const wrong = useStore(problems);
  return (
    <>
      {wrong.map((sentence) => (
        <div className="card stale" role="alert" key={sentence}>
          <div className="body row wrap">
            <Icon name="clock" small />
            <span className="t1 grow">{sentence}</span>
          </div>
        </div>
      ))}
      <SilenceBanner />
    </>
  );
}

function SilenceBanner() {
  const { liveness, lastFrame } = useStore(stream.state);
  useStore(now);
  if (lastFrame === null ? liveness !== "lost" : liveness === "live" || liveness === "connecting") return null;
  const silence = lastFrame === null ? "" : ` for ${duration((performance.now() - lastFrame) / 1000)}`;
  return (
    <div className="card stale">
      <div className="body row wrap">
        <Icon name="clock" small />
        <span className="t1 grow">No update{silence}. Values on this page may be wrong; trying again.</span>
        <button className="btn keep" onClick={stream.reconnect}><Icon name="retry" small />Reconnect</button>
      </div>
    </div>
  );
}
