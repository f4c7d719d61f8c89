import { useMemo } from "react";
import type { InstantAnswer } from "../../api/promql";
import type { Grid, Series } from "../../api/series";
import type { ChartSpec } from "../../charts/catalogue";
import { lastValue } from "../../charts/chartData";
import { Legend } from "../../charts/Legend";
import { Plot } from "../../charts/Plot";
import { figures } from "../../lib/units";
import { drawnLines, drawnSeries, seriesName } from "./lines";

const tableRows = 500;

const spec: ChartSpec = {
  key: "explore", title: "Result", unit: "", isWide: true, queries: () => [],
  format: (value) => value == null ? "–" : Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 0.01) ? value.toExponential(2) : figures(value),
};

export function Nothing() {
  return <p className="chart-none t3">The query is right, but no series matches it in this time. Choose a longer time, or take a label out of the braces.</p>;
}

export function Graph({ series, grid }: { series: readonly Series[]; grid: Grid }) {
  const data = useMemo(() => drawnSeries(series, grid), [series, grid]);
  if (series.length === 0) return <Nothing />;
  const label = `Result: ${data.lines.map((line) => `${line.name} ${spec.format(lastValue(line))}`).join(", ")}`;
  return (
    <>
      {series.length > drawnLines && <p className="chart-none t3" role="note">The {drawnLines} largest of {series.length} series are drawn. The table has more; topk() or sum by () narrows them.</p>}
      <Legend spec={spec} data={data} />
      <div className="body"><Plot spec={spec} data={data} marks={[]} range={{ from: grid.start * 1000, to: grid.end * 1000 }} label={label} /></div>
    </>
  );
}

const rowsOf = (answer: InstantAnswer): [string, string][] => {
  if (answer.resultType === "vector") return answer.result.map((one) => [seriesName(one.metric), one.value[1]]);
  if (answer.resultType === "matrix") return answer.result.map((one) => [seriesName(one.metric), one.values.map(([at, value]) => `${value} @${at}`).join(" ")]);
  return [[answer.resultType, answer.result[1]]];
};

export function ResultTable({ answer }: { answer: InstantAnswer }) {
  const rows = rowsOf(answer);
  if (rows.length === 0) return <Nothing />;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Result, values">
      <table className="table explore-table">
        <thead><tr><th scope="col">Series</th><th scope="col" className="num">Value</th></tr></thead>
        <tbody>{rows.slice(0, tableRows).map(([name, value]) => <tr key={name}><td className="mono">{name}</td><td className="num">{value}</td></tr>)}</tbody>
      </table>
      {rows.length > tableRows && <p className="chart-none t3">The first {tableRows} of {rows.length}.</p>}
    </div>
  );
}

export function Raw({ answer }: { answer: InstantAnswer }) {
  const text = JSON.stringify(answer, null, 2);
  const most = 200_000;
  return <pre className="code wrap raw" tabIndex={0} role="region" aria-label="Result, as the API gave it">{text.length > most ? `${text.slice(0, most)}\n… cut at ${most} characters` : text}</pre>;
}
