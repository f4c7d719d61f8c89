import { useEffect, useMemo, useRef, useState } from "react";
import type { Member } from "../api/clusters";
import { serverNow } from "../lib/clock";
import { navigate, useParam, withParams } from "../lib/router";
import { isLive, presets, resolveRange } from "../lib/time";
import { addressWithRange, useRange } from "../lib/useRange";
import { useWidth } from "../lib/useWidth";
import { Select } from "../components/Select";
import { catalogue, type ChartSpec } from "./catalogue";
import { ChartCard } from "./ChartCard";
import { memberNames } from "./chartData";
import { CrosshairTime } from "./CrosshairTime";
import { makeGrid } from "./grid";
import type { Limits } from "./limits";
import type { EventMark } from "./marks";

const narrowestChart = 300;

/** The instants to ask for now: of a live range they move on by one step at a time. */
export function useGrid(pixels: number, step?: number) {
  const [text] = useRange();
  const [now, setNow] = useState(serverNow);
  const range = resolveRange(text, isLive(text) ? now : serverNow());
  const grid = makeGrid(range, pixels, step);
  useEffect(() => {
    setNow(serverNow());
    if (!isLive(text)) return undefined;
    const timer = setInterval(() => setNow(serverNow()), Math.max(5, grid.step) * 1000);
    return () => clearInterval(timer);
  }, [text.from, text.to, grid.step]);
  const key = `${grid.start} ${grid.end} ${grid.step}`;
  return useMemo(() => ({ grid, range: { from: grid.start * 1000, to: grid.end * 1000 } }), [key]);
}

export function RangeSelect() {
  const [range] = useRange();
  const options = presets.map((preset) => [preset.from, preset.label] as const);
  const isPreset = isLive(range) && presets.some((preset) => preset.from === range.from);
  return (
    <span className="only-narrow">
      <Select label="Time range" value={isPreset ? range.from : ""} options={isPreset ? options : [["", "Chosen time"], ...options]}
        choose={(from) => navigate(from === "" ? withParams({}) : addressWithRange({ from, to: "now" }))} />
    </span>
  );
}

/** All charts of a cluster on one grid, with one crosshair. */
export function ChartGrid({ cluster, members, limits, marks }: {
  cluster: string; members: readonly Member[]; limits: Limits; marks: readonly EventMark[];
}) {
  const box = useRef<HTMLElement>(null);
  const width = useWidth(box);
  const [look, setLook] = useParam("charts");
  const [text] = useRange();
  const choice = `${text.from} ${text.to}`;
  const { grid, range } = useGrid(Math.max(narrowestChart, Math.floor(width / 3)));
  const identity = members.map((member) => `${member.name} ${member.instance ?? ""}`).join();
  const names = useMemo(() => memberNames(members), [identity]);
  const specs = useMemo(() => catalogue(limits), [limits.fsyncShare, limits.commitSeconds, limits.rttSeconds]);
  const asTable = look === "table";
  const card = (spec: ChartSpec) =>
    <ChartCard key={spec.key} spec={spec} cluster={cluster} grid={grid} names={names} marks={marks} range={range} choice={choice} asTable={asTable} />;
  return (
    <section className="stack" ref={box} aria-label="Charts">
      <div className="section">
        <h2>Charts</h2><span className="t3 only-wide">drag to zoom, Shift and drag to move, Back to undo</span><CrosshairTime /><span className="grow" />
        <RangeSelect />
        <span className="seg" role="group" aria-label="Look of the charts">
          <button aria-pressed={!asTable} onClick={() => setLook("")}>Lines</button>
          <button aria-pressed={asTable} onClick={() => setLook("table")}>Table</button>
        </span>
      </div>
      {width > 0 && (
        <>
          <div className="g2">{specs.filter((spec) => spec.isWide).map(card)}</div>
          <div className="g3">{specs.filter((spec) => !spec.isWide).map(card)}</div>
        </>
      )}
    </section>
  );
}
