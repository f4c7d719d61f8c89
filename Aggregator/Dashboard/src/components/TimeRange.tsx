import { useRef, useState } from "react";
import { serverNow } from "../lib/clock";
import { isLive, presets, rangeLabel, resolveRange, stepRange, type RangeText } from "../lib/time";
import { addressWithRange, useRange } from "../lib/useRange";
import { useDismiss } from "../lib/useDismiss";
import { CopyButton } from "./CopyButton";
import { CustomRange } from "./CustomRange";
import { Icon } from "./Icon";

/** The same instants for whoever opens the link later. */
export function frozen(range: RangeText): RangeText {
  const { from, to } = resolveRange(range, serverNow());
  return { from: String(Math.round(from)), to: String(Math.round(to)) };
}

function RangeMenu({ range, choose }: { range: RangeText; choose: (range: RangeText) => void }) {
  return (
    <div className="pop range-menu" role="group" aria-label="Time range">
      <ul>
        {presets.map((preset) => (
          <li key={preset.from}>
            <button className="btn quiet" aria-pressed={preset.from === range.from && isLive(range)}
              onClick={() => choose({ from: preset.from, to: "now" })}>{preset.label}</button>
          </li>
        ))}
      </ul>
      <CustomRange range={resolveRange(range, serverNow())} choose={choose} />
      <CopyButton label="Copy link at this time"
        text={() => location.origin + addressWithRange(frozen(range))} />
    </div>
  );
}

/** Step back, choose, step forward. */
export function TimeRange() {
  const [range, setRange] = useRange();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useDismiss(box, isOpen, () => setOpen(false));
  const choose = (next: RangeText) => {
    setRange(next);
    setOpen(false);
  };
  return (
    <div className="range" ref={box}>
      <span className="seg" role="group" aria-label="Time range">
        <button className="only-wide" aria-label="Step back" onClick={() => setRange(stepRange(range, -1, serverNow()))}><Icon name="left" small /></button>
        <button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="clock" small />{rangeLabel(range, serverNow())}<Icon name="down" small />
        </button>
        <button className="only-wide" aria-label="Step forward" disabled={isLive(range)}
          onClick={() => setRange(stepRange(range, 1, serverNow()))}><Icon name="right" small /></button>
      </span>
      {isOpen && <RangeMenu range={range} choose={choose} />}
    </div>
  );
}
