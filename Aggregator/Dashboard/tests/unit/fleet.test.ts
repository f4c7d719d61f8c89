import "./browser";
import type { ClusterSummary, HealthStatus } from "../../src/api/clusters";
import { sparkPath } from "../../src/components/Spark";
import { nearestName } from "../../src/lib/nearest";
import { rowsInView } from "../../src/lib/useVirtualRows";
import { headline, worstFirst } from "../../src/lib/worst";
import { filtered, readSort, sorted, writeSort } from "../../src/pages/fleet/columns";
import { marginText } from "../../src/pages/fleet/facts";
import { splitCause } from "../../src/pages/cluster/cause";
import { equal, isTrue, test } from "./harness";

function cluster(name: string, status: HealthStatus, margin = 1, requestsPerSecond = 0): ClusterSummary {
  return {
    name, status, cause: `${name} is ${status}.`, members: { up: 3, voters: 3, learners: 0, total: 3 },
    quorum: { size: 2, margin, sentence: "" }, requestsPerSecond, agents: { total: 3, silent: 0, oldestSeconds: 1 },
    versions: ["3.5.1"], alerts: { critical: 0, warning: 0, info: 0 }, history: [], updatedAt: 0,
  };
}
const names = (some: readonly ClusterSummary[]) => some.map((one) => one.name);

test("the worst cluster comes first, then the one nearer to losing its quorum", () => {
  const fleet = [cluster("well", "healthy"), cluster("slow", "degraded", 1), cluster("dying", "degraded", 0), cluster("dead", "critical", -1), cluster("unseen", "unknown")];
  equal(names(worstFirst(fleet)), ["dead", "dying", "slow", "unseen", "well"]);
});

test("the headline says what is wrong, or that nothing is", () => {
  equal(headline([cluster("a", "critical"), cluster("b", "degraded"), cluster("c", "degraded")]), "a is critical. 2 more are degraded.");
  equal(headline([cluster("a", "healthy"), cluster("b", "healthy")]), "All 2 clusters are healthy");
  equal(headline([cluster("a", "unknown"), cluster("b", "healthy")]), "a is not seen.");
  equal(headline([cluster("a", "maintenance"), cluster("b", "healthy")]), "Nothing is wrong. 1 in maintenance.");
  equal(headline([]), "No cluster yet");
});

test("a filter needs every word, and knows status words", () => {
  const fleet = [cluster("pay-prod", "healthy"), cluster("pay-stage", "degraded")];
  equal(names(filtered(fleet, "pay degraded", "")), ["pay-stage"]);
  equal(names(filtered(fleet, "", "healthy")), ["pay-prod"]);
  equal(names(filtered(fleet, "", "nonsense")), ["pay-prod", "pay-stage"]);
});

test("a sort survives the address", () => {
  const fallback = { key: "name", isDescending: false };
  equal(readSort(writeSort({ key: "requests", isDescending: true }), fallback), { key: "requests", isDescending: true });
  equal(readSort("history", fallback), fallback);
  equal(names(sorted([cluster("a", "healthy", 1, 5), cluster("b", "healthy", 1, 9)], { key: "requests", isDescending: true })), ["b", "a"]);
});

test("a mistyped name finds its neighbour, nonsense none", () => {
  equal(nearestName("pay stage", ["pay-prod-eu", "dns-control"]), "pay-prod-eu");
  equal(nearestName("zzzz", ["pay-prod-eu"]), null);
});

test("the margin is said as what may still fail", () => {
  equal(marginText(cluster("a", "healthy", 2)), "can lose 2");
  equal(marginText(cluster("a", "critical", -1)), "needs 1 more");
  equal(marginText(cluster("a", "unknown", 1)), "not seen");
});

test("of many rows only those near the screen are made", () => {
  const view = rowsInView(500, 32, -3200, 900);
  isTrue(view.end - view.first < 100);
  equal(view.before + (view.end - view.first) * 32 + view.after, 500 * 32);
});

test("the cause is cut into a title and its explanation", () => {
  equal(splitCause("Disk too slow on m2: 14 % of fsyncs over 16 ms."), { title: "Disk too slow on m2", rest: "14 % of fsyncs over 16 ms." });
  equal(splitCause("All 3 members healthy."), { title: "All 3 members healthy", rest: "" });
});

test("a spark is broken where there is no value", () => equal(sparkPath([1, null, 1]), "M0.0 1.0M72.0 1.0"));
