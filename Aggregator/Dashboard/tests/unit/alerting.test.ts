import "./browser";
import type { Alert } from "../../src/api/alerts";
import { backtestSentence } from "../../src/pages/alerts/Preview";
import { testSentence } from "../../src/pages/alerts/Channels";
import { stateText } from "../../src/pages/alerts/grouping";
import { firedIntervals } from "../../src/pages/alerts/intervals";
import { matches, matchersText, proposedMatchers, readMatchers } from "../../src/pages/alerts/matchers";
import { ruleState } from "../../src/pages/alerts/Rules";
import { equal, test } from "./harness";

const alert: Alert = {
  fingerprint: "1", name: "EtcdNoQuorum", severity: "critical", cluster: "c", state: "firing", sentence: "", labels: { alertname: "EtcdNoQuorum", cluster: "c", severity: "critical" },
  annotations: {}, activeAt: 0, delivery: [],
};

test("matchers are read as they are written", () => {
  const text = matchersText(proposedMatchers({ alertname: 'A"b', cluster: "c", severity: "warning" }));
  equal(text, 'alertname="A\\"b", cluster="c"');
  equal(readMatchers(text), [{ name: "alertname", operation: "=", value: 'A"b' }, { name: "cluster", operation: "=", value: "c" }]);
  equal(readMatchers('{instance=~"a.*", job!=etcd}'), [{ name: "instance", operation: "=~", value: "a.*" }, { name: "job", operation: "!=", value: "etcd" }]);
  for (const wrong of ["", "cluster", 'a="b" c="d"', '1a="b"', 'a=~"("', 'a="\\q"']) equal(readMatchers(wrong), null);
});

test("a matcher matches as the server's does: absent is empty, patterns match the whole", () => {
  equal(matches({ name: "cluster", operation: "=~", value: "c" }, { cluster: "cc" }), false);
  equal(matches({ name: "gone", operation: "=", value: "" }, {}), true);
  equal(matches({ name: "cluster", operation: "!~", value: "d.*" }, { cluster: "c" }), true);
  equal(matches({ name: "cluster", operation: "!=", value: "c" }, { cluster: "c" }), false);
});

test("why an alert is not told is said, the silence before the acknowledgement", () => {
  equal(stateText(alert), "Firing");
  equal(stateText({ ...alert, acknowledgement: { author: "ada", comment: "", at: 0, until: null } }), "Ack ada");
  equal(stateText({ ...alert, suppressedBy: [{ reason: "inhibition", alert: "EtcdHostDown" }] }), "Held back by EtcdHostDown");
  equal(stateText({ ...alert, acknowledgement: { author: "ada", comment: "", at: 0 }, suppressedBy: [{ reason: "silence", silence: "s" }] }), "Silenced");
});

test("a gap parts two firings, and what reaches the end fires still", () => {
  const metric = { alertname: "A", cluster: "c", alertstate: "firing", instance: "i" };
  const values = [0, 60, 120, 600, 660].map((at): [number, string] => [at, "1"]);
  equal(firedIntervals([{ metric, values }], 60, 660), [
    { name: "A", cluster: "c", severity: "info", labels: { instance: "i" }, from: 600_000, to: 720_000, isOpen: true },
    { name: "A", cluster: "c", severity: "info", labels: { instance: "i" }, from: 0, to: 180_000, isOpen: false },
  ]);
});

test("a rule's state, a backtest and a test of a channel are sentences", () => {
  const on = (state: "firing" | "pending") => ({ state, firing: 1, pending: 1 });
  equal(ruleState({ health: "ok", clusters: [on("firing"), on("firing"), on("pending")] }), "firing on 2, pending on 1");
  equal(ruleState({ health: "err", clusters: [on("firing")] }), "cannot be evaluated");
  equal(backtestSentence({ count: 2, firingSeconds: 720, pendingOnly: 0 }, "7 d"), "Would have fired 2 times in 7 d, 12\u202fmin in all.");
  equal(backtestSentence({ count: 0, firingSeconds: 0, pendingOnly: 3 }, "24 h"), "Would not have fired in 24 h. It began to pend 3 times without firing.");
  equal(testSentence({ delivered: false, code: 451, latencySeconds: 1, error: "greylisted", fallback: "mail", fallbackDelivered: true }), "Not delivered, answer 451: greylisted. mail took its place.");
});
