import "./browser";
import { busiest, colourLines, memberNames, overFor } from "../../src/charts/chartData";
import { catalogue, selectorFor } from "../../src/charts/catalogue";
import { nearestIndex } from "../../src/charts/crosshair";
import { gridTimes, makeGrid, onGrid, rateWindow } from "../../src/charts/grid";
import { niceTicks, shortened, ticksBetween } from "../../src/charts/ticks";
import { equal, isTrue, test } from "./harness";

test("a grid has at most two points per pixel, on multiples of its step", () => {
  for (const [length, pixels] of [[900, 380], [3600, 380], [86_400, 1200], [7 * 86_400, 300]] as const) {
    const grid = makeGrid({ from: 1_795_500_003_000, to: 1_795_500_003_000 + length * 1000 }, pixels);
    isTrue(gridTimes(grid).length <= 2 * pixels);
    equal(grid.start % grid.step, 0);
    isTrue(grid.step >= 5);
  }
});

test("the window of a rate is a minute, or the step when that is longer", () => {
  equal(rateWindow({ start: 0, end: 60, step: 10 }), "1m");
  equal(rateWindow({ start: 0, end: 6000, step: 600 }), "600s");
});

test("an instant without a value is a gap", () => {
  const grid = { start: 100, end: 130, step: 10 };
  equal(onGrid([[100, "1"], [120, "NaN"], [130, "4"], [500, "9"]], grid), [1, null, null, 4]);
});

test("members take the colours in the order of their names, kinds count back from eight", () => {
  const values = [1];
  equal(colourLines([{ name: "b", member: 1, values }, { name: "a", member: 0, values }]).map((line) => [line.name, line.colour]), [["a", 1], ["b", 2]]);
  equal(colourLines([{ name: "Range", member: null, values }, { name: "Put", member: null, values }]).map((line) => line.colour), [8, 7]);
});

test("a member keeps its colour where another is missing", () => {
  equal(colourLines([{ name: "c", member: 2, values: [1] }]).map((line) => line.colour), [3]);
});

test("over eight lines are the top seven and the others", () => {
  const lines = colourLines(Array.from({ length: 11 }, (_, index) => ({ name: `kind ${index}`, member: null, values: [index] })));
  equal(lines.length, 8);
  equal(lines.find((line) => line.name === "4 others")?.values, [0 + 1 + 2 + 3]);
});

test("instances are shown by the names of their members", () => {
  const names = memberNames([{ name: "m2", instance: "host-2:2379" }, { name: "m1", instance: null }]);
  equal([...names.byInstance], [["host-2:2379", "m2"]]);
  equal(names.ordered, ["m1", "m2"]);
});

test("over is said for as long as the worst line is over without a break", () => {
  const data = { grid: { start: 0, end: 40, step: 10 }, times: [0, 10, 20, 30, 40], lines: [{ name: "m1", colour: 1, isDashed: false, values: [9, 1, 9, 9, null] }] };
  equal(overFor(data, 5), 20);
  equal(overFor(data, 10), null);
});

test("axis ticks are round and at most four above zero", () => {
  equal(niceTicks(17, false), [0, 5, 10, 15, 20]);
  equal(niceTicks(0.024, false), [0, 0.01, 0.02, 0.03]);
  equal(niceTicks(3.31 * 1024 ** 3, true).map((tick) => tick / 1024 ** 3), [0, 1, 2, 3, 4]);
  for (const max of [0.0003, 1, 7, 999, 123_456]) isTrue(niceTicks(max, false).length <= 5);
});

test("axis labels lose their trailing zeros", () => {
  equal(shortened("10.0 ms"), "10 ms");
  equal(shortened("2.50 GiB"), "2.5 GiB");
  equal(shortened("100 %"), "100 %");
});

test("the crosshair snaps to the nearest instant", () => {
  equal(nearestIndex([0, 10, 20], 14), 1);
  equal(nearestIndex([0, 10, 20], 900), 2);
  equal(nearestIndex([], 5), -1);
});

test("a selector cannot be escaped by a name", () => equal(selectorFor('a"b'), 'cluster="a\\"b"'));

test("every chart asks for its cluster only, and has its own key", () => {
  const specs = catalogue({ fsyncShare: null, commitSeconds: null, rttSeconds: null });
  equal(new Set(specs.map((spec) => spec.key)).size, specs.length);
  for (const spec of specs) for (const query of spec.queries('cluster="c"', "1m")) isTrue(query.expression.includes('cluster="c"'));
});

test("a chart's line stands where the server draws it, and nowhere before that is known", () => {
  const names = (limits: Parameters<typeof catalogue>[0]) => catalogue(limits).flatMap((spec) => (spec.limit ? [spec.limit.name] : []));
  equal(names({ fsyncShare: 0.01, commitSeconds: 0.032, rttSeconds: 0.15 }), ["limit 1\u202f%", "limit 32\u202fms", "limit 150\u202fms"]);
  equal(names({ fsyncShare: null, commitSeconds: null, rttSeconds: null }), []);
});

test("methods that were never called are left out, the busiest come first", () => {
  const lines = [["Alarm", 0], ["Put", 3], ["Range", 9]].map(([name, value]) => ({ name: String(name), member: null, values: [0, Number(value)] }));
  equal(busiest(lines).map((line) => line.name), ["Range", "Put"]);
});

test("values below zero are drawn in the steps of those above", () => {
  equal(ticksBetween(-0.93, 3, false), [-1, 0, 1, 2, 3]);
  equal(ticksBetween(-40, 0, false), [-40, -30, -20, -10, 0]);
  equal(ticksBetween(0, 3, false), niceTicks(3, false));
});
