import { serverNow } from "../lib/clock";
import { clock } from "../lib/time";
import type { ChartSpec } from "./catalogue";
import type { ChartData } from "./chartData";

const shownRows = 60;

/** The values of a chart as a table, newest first; of many instants, every so many. */
export function ChartTable({ spec, data }: { spec: ChartSpec; data: ChartData }) {
  const every = Math.max(1, Math.ceil(data.times.length / shownRows));
  const rows = data.times.map((_, index) => index).reverse().filter((_, place) => place % every === 0);
  const now = serverNow();
  return (
    <div className="scroll chart-table" tabIndex={0} role="region" aria-label={`${spec.title}, values`}>
      <table className="table">
        <thead><tr><th scope="col">Time</th>{data.lines.map((line) => <th className="num" scope="col" key={line.name}>{line.name}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={data.times[row]}>
              <td>{clock((data.times[row] ?? 0) * 1000, now, data.grid.step < 60)}</td>
              {data.lines.map((line) => <td className="num" key={line.name}>{spec.format(line.values[row])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
