import { isLive, rangeLabel, resolveRange, stepRange } from "../../src/lib/time";
import { equal, test } from "./harness";

const now = 1_795_500_000_000;
const hour = 3_600_000;

test("a relative range ends now", () => {
  equal(resolveRange({ from: "now-6h", to: "now" }, now), { from: now - 6 * hour, to: now });
  equal(isLive({ from: "now-6h", to: "now" }), true);
});

test("an absolute range stays where it is", () => {
  const text = { from: String(now - 2 * hour), to: String(now - hour) };
  equal(resolveRange(text, now), { from: now - 2 * hour, to: now - hour });
  equal(isLive(text), false);
});

test("what cannot be read is the last hour", () => {
  for (const text of [{ from: "yesterday", to: "now" }, { from: "now", to: "now-1h" }, { from: "", to: "" }, { from: "now-1w", to: "now" }]) {
    equal(resolveRange(text, now), { from: now - hour, to: now });
  }
});

test("a step back is half the length, absolute", () => {
  equal(stepRange({ from: "now-1h", to: "now" }, -1, now), { from: String(now - 1.5 * hour), to: String(now - 0.5 * hour) });
});

test("a step that would pass now is live again", () => {
  equal(stepRange({ from: String(now - 1.5 * hour), to: String(now - 0.5 * hour) }, 1, now), { from: "now-3600s", to: "now" });
});

test("a range says how long it is while it is live, and when it was once it is not", () => {
  equal(rangeLabel({ from: "now-1h", to: "now" }, now), "Last 1 h");
  equal(rangeLabel({ from: "now-2700s", to: "now" }, now), "Last 45\u202fmin");
  equal(rangeLabel({ from: String(now - hour), to: String(now - hour / 2) }, now).includes(" – "), true);
});
