import { byteRate, bytes, count, duration, figures, index, latency, percent, rate } from "../../src/lib/units";
import { equal, test } from "./harness";

test("numbers keep three figures and their commas", () => {
  equal(figures(1.842), "1.84");
  equal(figures(38.42), "38.4");
  equal(figures(1848.2), "1,848");
  equal(figures(0.025), "0.025");
});

test("a value that is not known is a dash, zero is zero", () => {
  for (const format of [bytes, count, latency, percent, rate, duration, byteRate]) equal(format(undefined), "–");
  equal(percent(0), "0\u202f%");
  equal(count(0), "0");
  equal(latency(0), "0\u202fms");
});

test("bytes are binary, network is decimal", () => {
  equal(bytes(2 * 1024 ** 3), "2.00\u202fGiB");
  equal(bytes(1000), "0.98\u202fKiB");
  equal(bytes(999), "999\u202fB");
  equal(byteRate(88_000_000), "88.0\u202fMB/s");
});

test("counts are exact up to 99,999", () => {
  equal(count(99_999), "99,999");
  equal(count(2_100_000), "2.10\u202fM");
});

test("64-bit numbers are never rounded", () => equal(index("18446744073709551615"), "18,446,744,073,709,551,615"));

test("latency and durations have one unit", () => {
  equal(latency(0.0384), "38.4\u202fms");
  equal(latency(0.000_941), "941\u202fµs");
  equal(latency(2.5), "2.5\u202fs");
  equal(duration(0.42), "0.4\u202fs");
  equal(duration(2_640), "44\u202fmin");
  equal(duration(5 * 3600), "5\u202fh");
  equal(duration(94 * 86_400), "94\u202fd");
});

test("percentages and rates stay short", () => {
  equal(percent(0.142), "14.2\u202f%");
  equal(percent(0.91), "91\u202f%");
  equal(percent(1), "100\u202f%");
  equal(rate(1848), "1,848/s");
  equal(rate(4.2), "4.2/s");
});
