import { now } from "../lib/clock";
import { useStore } from "../lib/store";
import { iso } from "../lib/time";
import { duration, unknown } from "../lib/units";

/** For how long something has been so. */
export function Since({ at }: { at: number | null | undefined }) {
  const clock = useStore(now);
  return at == null ? <>{unknown}</> : <span title={iso(at)}>{duration((clock - at) / 1000)}</span>;
}
