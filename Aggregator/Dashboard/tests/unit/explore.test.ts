import { equal, test } from "./harness";
import { wantedAt } from "../../src/pages/explore/completion";
import { drawnSeries, seriesName } from "../../src/pages/explore/lines";
import { errorPlace } from "../../src/pages/explore/place";
import { alertRule } from "../../src/pages/explore/rule";

test("what may stand at the cursor", () => {
  const cases: [string, unknown][] = [
    ["sum(rate(etc", { kind: "name", typed: "etc" }],
    ["up{", { kind: "label", typed: "", metric: "up" }],
    ['up{job="etcd", clu', { kind: "label", typed: "clu", metric: "up" }],
    ['up{cluster=~"a}b', { kind: "value", label: "cluster", typed: "a}b", metric: "up" }],
    ["sum by (cluster, in", { kind: "label", typed: "in", metric: "" }],
    ['up{a="{"} + et', { kind: "name", typed: "et" }],
    ["rate(up[5m", null],
    ["", null],
  ];
  for (const [text, wanted] of cases) equal(wantedAt(text), wanted);
});

test("an error's place counts characters, not bytes", () => {
  equal(errorPlace("1:5: parse error: no", "sum(up"), { line: 0, character: 4 });
  equal(errorPlace('2:6: parse error: no', 'up{a="x"}\n"é" +'), { line: 1, character: 4 });
  equal(errorPlace("many-to-many matching (1:3)", "a + b"), { line: 0, character: 2 });
  equal(errorPlace("too many samples", "up"), null);
});

test("series are named, and the furthest from zero drawn", () => {
  equal(seriesName({ __name__: "up", b: "2", a: '"' }), 'up{a="\\"", b="2"}');
  equal(seriesName({}), "{}");
  equal(seriesName({ __name__: "up" }), "up");
  const series = Array.from({ length: 10 }, (_, index) => ({ metric: { n: String(index) }, values: [[0, String(-index)]] as [number, string][] }));
  const { lines } = drawnSeries(series, { start: 0, end: 0, step: 1 });
  equal(lines.map((line) => line.name), [9, 8, 7, 6, 5, 4, 3, 2].map((n) => `{n="${n}"}`));
});

test("a rule keeps the lines of its query", () => {
  equal(alertRule("a\n> 1").includes("        expr: |\n          a\n          > 1\n        for"), true);
});
