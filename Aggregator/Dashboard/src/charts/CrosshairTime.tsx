import { serverNow } from "../lib/clock";
import { useStore } from "../lib/store";
import { clock } from "../lib/time";
import { crosshair } from "./crosshair";

/** The instant of the crosshair, in words. */
export function CrosshairTime() {
  const at = useStore(crosshair);
  if (at === null) return null;
  return <span className="badge cross-time">{clock(at * 1000, serverNow(), true)}</span>;
}
