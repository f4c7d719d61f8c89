import { useRef } from "react";
import type { ClusterSummary } from "../../api/clusters";
import { useParam } from "../../lib/router";
import { useVirtualRows } from "../../lib/useVirtualRows";
import { useSteadyOrder } from "../../lib/useSteadyOrder";
import { columns, readSort, sorted, writeSort, type Column, type Sort } from "./columns";
import { FleetRow } from "./FleetRow";

/** Above this many rows only those near the screen are in the page. */
const virtualAbove = 100;

function Head({ column, sort, choose }: { column: Column; sort: Sort; choose: (sort: Sort) => void }) {
  const isSorted = sort.key === column.key;
  const aria = isSorted ? { "aria-sort": sort.isDescending ? "descending" as const : "ascending" as const } : {};
  const next = { key: column.key, isDescending: isSorted ? !sort.isDescending : column.isNumber === true };
  return (
    <th className={column.isNumber ? "num" : ""} scope="col" {...aria}>
      {column.value
        ? <button className="sort" onClick={() => choose(next)}>{column.label}{isSorted && (sort.isDescending ? " ↓" : " ↑")}</button>
        : column.label}
    </th>
  );
}

/** Stands for the rows that are not made. A drawing has its height as an attribute, which the policy allows. */
function Spacer({ height }: { height: number }) {
  if (height === 0) return null;
  return <tr className="spacer" aria-hidden="true"><td colSpan={columns.length}><svg width="1" height={height} /></td></tr>;
}

/** Clusters as lines, sorted by any column; the sort is in the address. */
export function FleetTable({ clusters, fallback, label }: { clusters: readonly ClusterSummary[]; fallback: Sort; label: string }) {
  const [text, setText] = useParam("sort");
  const sort = readSort(text, fallback);
  const box = useRef<HTMLDivElement>(null);
  const ordered = useSteadyOrder(box, sorted(clusters, sort), `${writeSort(sort)} ${clusters.length}`);
  const rows = useVirtualRows(box, ordered.length, ordered.length > virtualAbove);
  return (
    <div className="card scroll" ref={box} tabIndex={0} role="region" aria-label={label}>
      <table className="table fleet-table" aria-rowcount={ordered.length + 1}>
        <thead>
          <tr>{columns.map((column) => <Head key={column.key} column={column} sort={sort} choose={(next) => setText(writeSort(next))} />)}</tr>
        </thead>
        <tbody>
          <Spacer height={rows.before} />
          {ordered.slice(rows.first, rows.end).map((cluster) => <FleetRow key={cluster.name} cluster={cluster} />)}
          <Spacer height={rows.after} />
        </tbody>
      </table>
    </div>
  );
}
