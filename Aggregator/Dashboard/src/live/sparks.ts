// The last hour's request rate of every cluster, in one query a minute for the whole fleet.
import { queryRange } from "../api/series";
import { onGrid } from "../charts/grid";
import { serverNow } from "../lib/clock";
import { Store } from "../lib/store";

const refreshMilliseconds = 60_000;
const stepSeconds = 120;

/** Values by cluster, oldest first; a cluster that is not here gets no line. */
export const sparks = new Store<ReadonlyMap<string, (number | null)[]>>(new Map());

async function refresh(): Promise<void> {
  const end = Math.floor(serverNow() / 1000 / stepSeconds) * stepSeconds;
  const grid = { start: end - 3600, end, step: stepSeconds };
  try {
    const series = await queryRange('sum by (cluster) (rate(grpc_server_handled_total{grpc_type="unary"}[2m]))', grid);
    sparks.set(new Map(series.map((one) => [one.metric["cluster"] ?? "", onGrid(one.values, grid)])));
  } catch {
    // A line beside a number is a comfort: without it the number stands alone, and the next minute tries again.
  }
}

export function startSparks(): () => void {
  void refresh();
  const timer = setInterval(() => void refresh(), refreshMilliseconds);
  return () => clearInterval(timer);
}
