import { memo, useRef } from "react";
import type { Grid } from "../api/series";
import { ErrorCard } from "../components/ErrorCard";
import { Mark } from "../components/StatusMark";
import type { Range } from "../lib/time";
import { duration } from "../lib/units";
import { useDelay } from "../lib/useDelay";
import { useResource } from "../lib/useResource";
import { useSeen } from "../lib/useSeen";
import type { ChartSpec } from "./catalogue";
import { lastValue, loadChart, overFor, type ChartData, type MemberNames } from "./chartData";
import { ChartTable } from "./ChartTable";
import { Legend } from "./Legend";
import type { EventMark } from "./marks";
import { Plot } from "./Plot";

function OverState({ spec, data }: { spec: ChartSpec; data: ChartData }) {
  const seconds = spec.limit ? overFor(data, spec.limit.value) : null;
  if (seconds === null) return null;
  return <span className="small nowrap status degraded"><Mark status="degraded" size="s" />over for {duration(seconds)}</span>;
}

const latest = (spec: ChartSpec, data: ChartData) =>
  `${spec.title}: ${data.lines.map((line) => `${line.name} ${spec.format(lastValue(line))}`).join(", ")}`;

function Content({ spec, data, marks, range, asTable }: {
  spec: ChartSpec; data: ChartData; marks: readonly EventMark[]; range: Range; asTable: boolean;
}) {
  if (data.lines.length === 0) return <p className="chart-none t3">No values in this time. The agents of this cluster sent none, or its etcd does not have this metric.</p>;
  return (
    <>
      <Legend spec={spec} data={data} />
      {asTable ? <ChartTable spec={spec} data={data} />
        : <div className="body"><Plot spec={spec} data={data} marks={marks} range={range} label={latest(spec, data)} /></div>}
    </>
  );
}

function Placeholder() {
  return useDelay(200) ? <div className="body" aria-busy="true"><div className="skel tall fade" /></div> : <div className="chart-wait" />;
}

interface Props { spec: ChartSpec; cluster: string; grid: Grid; names: MemberNames; marks: readonly EventMark[]; range: Range; choice: string; asTable: boolean }

/** One chart of a cluster. It loads while it is on the screen, and keeps what it has while newer values fail to come. */
export const ChartCard = memo(function ChartCard({ spec, cluster, grid, names, marks, range, choice, asTable }: Props) {
  const box = useRef<HTMLElement>(null);
  const isSeen = useSeen(box);
  const identity = `chart ${cluster} ${spec.key} ${names.ordered.join()}`;
  const { data, error, at, reload } = useResource(identity, `${grid.start} ${grid.end} ${grid.step}`,
    (signal) => loadChart(spec, cluster, grid, names, signal), { isOn: isSeen, choice });
  if (error) {
    return (
      <figure className="chart-error" ref={box} data-chart={spec.key}>
        <ErrorCard title={`Cannot load ${spec.title}`} error={error} retry={reload} dataAt={at}>
          {data && <Content spec={spec} data={data} marks={marks} range={range} asTable={asTable} />}
        </ErrorCard>
      </figure>
    );
  }
  return (
    <figure className="card chart" ref={box} data-chart={spec.key}>
      <header><h3 className="cut" title={spec.title}>{spec.title}</h3><span className="unit">{spec.unit}</span><span className="grow" />
        {data && <OverState spec={spec} data={data} />}</header>
      {data ? <Content spec={spec} data={data} marks={marks} range={range} asTable={asTable} /> : <Placeholder />}
    </figure>
  );
});
