import { useRef } from "react";
import type { Alert } from "../../api/alerts";
import type { ClusterDetail } from "../../api/clusters";
import type { FleetEvent } from "../../api/events";
import { axisTime } from "../../charts/axisTime";
import { Icon } from "../../components/Icon";
import { kindWords } from "../../components/EventItem";
import { Link } from "../../components/Link";
import { clusterPath } from "../../lib/routes";
import type { Range } from "../../lib/time";
import { useWidth } from "../../lib/useWidth";
import { agentKinds, alertSegments, eventsOf, leaderSegments, memberKinds, placeWords, type Segment } from "./lane";

const rowHeight = 48;
const letter = 6.1;

interface Axis { x: (at: number) => number; left: number; right: number }

function makeAxis(width: number, range: Range): Axis {
  const left = width < 500 ? 64 : 92;
  const right = width - 14;
  return { left, right, x: (at) => left + ((at - range.from) / (range.to - range.from)) * (right - left) };
}

/** A label only where it fits. */
function Bar({ segment, axis, y, kind }: { segment: Segment; axis: Axis; y: number; kind: string }) {
  const x = axis.x(segment.from);
  const width = Math.max(2, axis.x(segment.to) - x - 3);
  const shown = segment.label.length * letter + 16 <= width ? segment.label : "";
  return (
    <g>
      <title>{segment.label}</title>
      <rect className={kind} x={x} y={y - 8} width={width} height="16" rx="2" />
      {shown !== "" && <text className="strong" x={x + 9} y={y + 3.5}>{shown}</text>}
    </g>
  );
}

const dotWords = (event: FleetEvent) => `${event.member ?? event.node ?? ""} ${kindWords(event.kind).replace(/^(member|agent) /, "")}`.trim();

/** Dots with words: to the right of the dot, else to its left, else none. The whole sentence is in the title. */
function Dots({ events, axis, y }: { events: readonly FleetEvent[]; axis: Axis; y: number }) {
  const labels = placeWords([...events].reverse().map((event) => ({ x: axis.x(event.at), width: dotWords(event).length * letter })), axis.left, axis.right);
  return (
    <>
      {[...events].reverse().map((event, index) => {
        const label = labels[index];
        return (
          <g key={event.id}>
            <title>{event.sentence}</title>
            <circle className={`mkg ${event.severity}`} cx={axis.x(event.at)} cy={y} r="4" />
            {label != null && <text className="mid" x={label} y={y + 3.5}>{dotWords(event)}</text>}
          </g>
        );
      })}
    </>
  );
}

function TimeAxis({ axis, range, y }: { axis: Axis; range: Range; y: number }) {
  const ticks = axis.right - axis.left > 460 ? 6 : 3;
  return (
    <>
      {Array.from({ length: ticks + 1 }, (_, index) => {
        const at = range.from + ((range.to - range.from) * index) / ticks;
        const anchor = index === 0 ? "start" : index === ticks ? "end" : "middle";
        return <text key={index} x={axis.x(at)} y={y} textAnchor={anchor}>{axisTime(at / 1000, (range.to - range.from) / 1000)}</text>;
      })}
    </>
  );
}

/** What happened, over the same time as the charts. */
export function EventLane({ cluster, events, alerts, range }: {
  cluster: ClusterDetail; events: readonly FleetEvent[]; alerts: readonly Alert[]; range: Range;
}) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const axis = makeAxis(width, range);
  const leaders = leaderSegments(events, cluster.leader, range);
  const members = eventsOf(events, memberKinds, range);
  const agents = eventsOf(events, agentKinds, range);
  const row = (index: number) => 22 + index * rowHeight;
  const rows = ["Leader", "Alerts", "Members", "Agents"];
  const words = `Events: ${leaders.length} leaderships, ${members.length} member events, ${agents.length} agent events`;
  return (
    <section className="card">
      <header><h2>Events</h2><span className="grow" /><span className="micro t3 only-wide"><Icon name="bolt" small /> election · marked in every chart</span>
        <Link className="btn quiet" href={clusterPath(cluster.name, "events")}>All events</Link></header>
      <div ref={box} className="lane-box">
        {width > 0 && (
          <svg className="plot lane" width={width} height={row(4) + 4} role="img" aria-label={words}>
            {rows.map((name, index) => <text className="mid" key={name} x="12" y={row(index) + 3.5}>{name}</text>)}
            {rows.slice(1).map((name, index) => <path className="row-line" key={name} d={`M12 ${row(index) + 22.5}H${axis.right}`} />)}
            {leaders.map((segment) => <Bar key={segment.from} segment={segment} axis={axis} y={row(0)} kind="seg-a" />)}
            {leaders.slice(1).map((segment) => <path className="mkg" key={segment.from} d={`M${axis.x(segment.from) - 1.5} ${row(0) - 6}l6 6-6 6-6-6z`} />)}
            {alertSegments(alerts, range).slice(0, 2).map((segment, index, all) => (
              <Bar key={segment.label} segment={segment} axis={axis} y={row(1) + (all.length > 1 ? index * 18 - 9 : 0)} kind={segment.isCritical ? "bar-crit" : "bar-deg"} />
            ))}
            <Dots events={members} axis={axis} y={row(2)} />
            <Dots events={agents} axis={axis} y={row(3)} />
            <TimeAxis axis={axis} range={range} y={row(4) - 6} />
          </svg>
        )}
      </div>
    </section>
  );
}
