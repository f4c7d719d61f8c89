import "./browser";
import type { Alert } from "../../src/api/alerts";
import type { FleetEvent } from "../../src/api/events";
import type { Link, Member } from "../../src/api/clusters";
import { backoffMilliseconds } from "../../src/lib/backoff";
import { readPath } from "../../src/lib/routes";
import { may } from "../../src/lib/session";
import { liveness } from "../../src/live/liveness";
import { joinEvents } from "../../src/live/useEventPages";
import { alertHeadline, deliveryText, groupedAlerts } from "../../src/pages/alerts/grouping";
import { joinLinks, placeLabels, placeMembers } from "../../src/pages/cluster/layout";
import { leaderSegments, placeWords } from "../../src/pages/cluster/lane";
import { equal, isTrue, test } from "./harness";

test("a silent stream is old after three and a half seconds, whatever the connection says", () => {
  equal(liveness(3_400, true, false), "live");
  equal(liveness(3_500, true, false), "old");
  equal(liveness(4_000, true, true), "lost");
  equal(liveness(30_000, true, false), "lost");
});

test("a stream that never spoke is connecting for as long as a spoken one is live", () => {
  equal(liveness(3_400, false, false), "connecting");
  equal(liveness(3_500, false, false), "lost");
  equal(liveness(100, false, true), "lost");
});

test("attempts to connect get rarer and never stop", () => {
  equal([0, 1, 2, 9].map((attempt) => backoffMilliseconds(attempt, 10_000, () => 0)), [500, 1000, 2000, 10_000]);
  isTrue(backoffMilliseconds(3, 10_000, () => 1) < 4_000);
});

test("paths name pages, and nothing else does", () => {
  equal(readPath("/"), { page: "fleet" });
  equal(readPath("/clusters/k8s-prod"), { page: "cluster", cluster: "k8s-prod", tab: "overview" });
  equal(readPath("/clusters/k8s-prod/events"), { page: "cluster", cluster: "k8s-prod", tab: "events" });
  equal(readPath("/agents"), { page: "agents" });
  for (const path of ["/console", "/clusters", "/clusters/a/b", "/clusters/a/events/b", "/events/1"]) equal(readPath(path), { page: "missing" });
  equal(readPath("/clusters/%E0%A4%A"), { page: "cluster", cluster: "%E0%A4%A", tab: "overview" });
});

test("a role may do what is below it", () => {
  equal(may({ name: "a", role: "viewer" }, "admin"), false);
  equal(may({ name: "a", role: "admin" }, "operator"), true);
  equal(may(null, "viewer"), false);
});

const event = (id: string, at: number, member = "m1"): FleetEvent => ({ id, at, cluster: "c", kind: "leader-changed", severity: "info", member, sentence: "" });

test("an event that comes by stream and by page is listed once, the newest first", () => {
  equal(joinEvents([event("3", 30)], [event("3", 30), event("2", 20)], [event("1", 10)]).map((one) => one.id), ["3", "2", "1"]);
});

test("elections cut the lane into leaderships", () => {
  const leader = { member: "m2", id: "2", since: 60, term: "9" };
  const segments = leaderSegments([event("2", 60, "m2"), event("1", -50, "m1")], leader, { from: 0, to: 100 });
  equal(segments, [{ from: 0, to: 60, label: "m1" }, { from: 60, to: 100, label: "m2 · term 9" }]);
  equal(leaderSegments([], leader, { from: 70, to: 100 }), [{ from: 70, to: 100, label: "m2 · term 9" }]);
});

const member = (name: string, role: Member["role"]): Member => ({ name, id: name, role, status: "healthy", reason: "", alarms: [], clientURLs: [], peerURLs: [] });

test("the leader is on top, learners are at the bottom, nobody stands on another", () => {
  const places = placeMembers([member("a", "follower"), member("b", "leader"), member("c", "follower"), member("d", "learner"), member("e", "follower"), member("f", "follower")]);
  const y = (name: string) => places.find((place) => place.member.name === name)?.y ?? 0;
  isTrue(y("b") < y("a") && y("a") < y("d"));
  equal(new Set(places.map((place) => `${Math.round(place.x)} ${Math.round(place.y)}`)).size, 6);
});

test("two directions are one edge with the worse of both, and labels do not meet", () => {
  const places = placeMembers([member("a", "follower"), member("b", "leader"), member("c", "follower")]);
  const links: Link[] = [{ from: "a", to: "b", rttP99Seconds: 0.001, state: "ok" }, { from: "b", to: "a", rttP99Seconds: 0.2, state: "slow" }, { from: "a", to: "c", state: "broken" }];
  const edges = joinLinks(links, places);
  equal(edges.map((edge) => [edge.state, edge.rttSeconds]), [["slow", 0.2], ["broken", null]]);
  equal(placeLabels(edges, () => "0.9 ms").size, 2);
});

const alert = (change: Partial<Alert>): Alert => ({
  fingerprint: "f", name: "n", severity: "warning", cluster: "c", state: "firing", sentence: "s", labels: {}, annotations: {}, activeAt: 0, delivery: [], ...change,
});

test("the cluster with the worst alert leads the list", () => {
  const groups = groupedAlerts([alert({ cluster: "a" }), alert({ cluster: "b", severity: "critical" }), alert({ cluster: "b", state: "pending" })]);
  equal(groups.map(([name, members]) => [name, members.length]), [["b", 2], ["a", 1]]);
});

test("the alerts are counted in words", () => {
  equal(alertHeadline([alert({}), alert({ cluster: "d" })]), "2 alerts fire in 2 clusters");
  equal(alertHeadline([alert({ state: "pending" })]), "Nothing fires; 1 pending");
});

test("a failed delivery is said with its channel", () => {
  const delivered = { channel: "mail", status: "delivered" as const, at: 0, latencySeconds: 2.14 };
  equal(deliveryText(alert({ delivery: [delivered] })), { text: "1 of 1, 2.1\u202fs", isWrong: false });
  equal(deliveryText(alert({ delivery: [delivered, { channel: "hook", status: "failed", at: 0 }] })), { text: "1 of 2, hook: failed", isWrong: true });
});

test("words of a dot go right, else left, else away", () => {
  equal(placeWords([{ x: 10, width: 50 }], 0, 100), [18]);
  equal(placeWords([{ x: 60, width: 50 }], 0, 100), [2]);
  equal(placeWords([{ x: 60, width: 30 }, { x: 70, width: 60 }], 0, 100), [22, null]);
});

test("without a leader all voters stand alike on a ring", () => {
  const places = placeMembers([member("a", "unknown"), member("b", "unknown"), member("c", "unknown")]);
  equal(places.length, 3);
  equal(places[1]?.y.toFixed(3), places[2]?.y.toFixed(3));
});
