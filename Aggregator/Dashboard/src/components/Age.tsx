import { now } from "../lib/clock";
import { useStore } from "../lib/store";
import { iso } from "../lib/time";
import { duration, unknown } from "../lib/units";

/** How old a value is; amber once it is older than `limit` seconds. */
export function Age({ at, limit = 30, suffix = " ago" }: { at: number | null | undefined; limit?: number; suffix?: string }) {
  const clock = useStore(now);
  if (at == null) return <span className="age micro">{unknown}</span>;
  const seconds = (clock - at) / 1000;
  return (
    <span className={seconds > limit ? "age old micro" : "age micro"} title={iso(at)}>
      {seconds > limit ? "seen " : ""}{duration(seconds)}{suffix}
    </span>
  );
}
