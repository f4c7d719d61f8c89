import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { queryInstant } from "../api/promql";
import { queryRange } from "../api/series";
import { RangeSelect, useGrid } from "../charts/ChartGrid";
import { CrosshairTime } from "../charts/CrosshairTime";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { Select } from "../components/Select";
import { navigate, useParam, withParams } from "../lib/router";
import { useRange } from "../lib/useRange";
import { useResource } from "../lib/useResource";
import { useTitle } from "../lib/useTitle";
import { useWidth } from "../lib/useWidth";
import { queryHistory, rememberQuery } from "./explore/history";
import { errorPlace } from "./explore/place";
import { Graph, Raw, ResultTable } from "./explore/Results";

const QueryEditor = lazy(() => import("./explore/QueryEditor"));

const examples: [string, string][] = [
  ["etcd_server_has_leader == 0", "members that see no leader"],
  ["sum by (cluster) (rate(grpc_server_handled_total[5m]))", "requests a second of each cluster"],
  ["etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes", "how full each database is"],
];
const steps: [string, string][] = [["", "Step: auto"], ...[5, 15, 60, 300, 3600].map((step): [string, string] => [String(step), `Step: ${step} s`])];

/** Any PromQL, as graph, table or raw answer. What was run, the look and the time stand in the address. */
export function ExplorePage() {
  useTitle("Explore");
  const [query] = useParam("q");
  const [view, setView] = useParam("view");
  const [stepText, setStep] = useParam("step");
  const [text, setText] = useState(query);
  const [runs, setRuns] = useState(0);
  const [range] = useRange();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const chosenStep = /^[1-9]\d{0,5}$/.test(stepText) ? Number(stepText) : undefined;
  const { grid } = useGrid(Math.max(300, width), chosenStep);
  const isGraph = view !== "table" && view !== "raw";
  useEffect(() => setText(query), [query]);

  const run = (next: string) => {
    const wanted = next.trim();
    if (wanted === "") return;
    rememberQuery(wanted);
    setText(wanted);
    setRuns((count) => count + 1);
    navigate(withParams({ q: wanted }));
  };
  const identity = `explore ${query}`;
  const choice = `${range.from} ${range.to} ${stepText} ${runs}`;
  const revision = `${grid.start} ${grid.end} ${grid.step}`;
  const isOn = query !== "" && width > 0;
  const drawn = useResource(`${identity} graph`, revision, async (signal) => ({ grid, series: await queryRange(query, grid, signal) }), { isOn: isOn && isGraph, choice });
  const instant = useResource(`${identity} instant`, revision, (signal) => queryInstant(query, grid.end, signal), { isOn: isOn && !isGraph, choice });
  const shown = isGraph ? drawn : instant;
  const wrong = useMemo(() => shown.error && text === query ? errorPlace(shown.error.message, query) : null, [shown.error, text, query]);
  const history = queryHistory();

  return (
    <div className="stack" ref={box}>
      <div className="page-head"><h1>Explore</h1><span className="grow" /><RangeSelect />
        <Select label="Step" value={chosenStep === undefined ? "" : stepText} options={chosenStep !== undefined && !steps.some(([step]) => step === stepText) ? [...steps, [stepText, `Step: ${stepText} s`]] : steps} choose={setStep} />
      </div>
      <section className="card" aria-label="Query">
        <div className="body stack">
          <Suspense fallback={<div className="query-editor" aria-busy="true"><pre className="code">{text}</pre></div>}>
            <QueryEditor text={text} wrong={wrong} describedBy="explore-help" change={setText} run={run} />
          </Suspense>
          <div className="row wrap">
            <button className="btn primary" onClick={() => run(text)} disabled={text.trim() === ""}>Run <kbd>Ctrl Enter</kbd></button>
            {history.length > 0 && <Select label="Queries run before" value="" options={[["", "History"], ...history.map((one): [string, string] => [one, one.slice(0, 80)])]} choose={(one) => run(one)} />}
            {query !== "" && <Link className="btn" href={`/alerts?${new URLSearchParams({ view: "rules", expr: query })}`}>Make alert</Link>}
            <span className="small t3 only-wide" id="explore-help">Names complete as you type; Tab takes one, Tab again leaves the editor.</span>
          </div>
        </div>
      </section>
      {query === "" && (
        <section className="card empty" aria-label="Examples">
          <h2>Ask anything in PromQL</h2>
          <p>Write a query above, or begin with one of these.</p>
          <ul className="examples">{examples.map(([one, meaning]) => <li key={one}><button className="btn" onClick={() => run(one)}><code>{one}</code></button> <span className="t3">{meaning}</span></li>)}</ul>
        </section>
      )}
      {query !== "" && (
        <section className="stack" aria-label="Result">
          <div className="section"><h2>Result</h2>{isGraph && <><span className="t3 only-wide">step {grid.step} s, {drawn.data?.series.length ?? 0} series</span><CrosshairTime /></>}<span className="grow" />
            <span className="seg" role="group" aria-label="Look of the result">
              <button aria-pressed={isGraph} onClick={() => setView("")}>Graph</button>
              <button aria-pressed={view === "table"} onClick={() => setView("table")}>Table</button>
              <button aria-pressed={view === "raw"} onClick={() => setView("raw")}>Raw</button>
            </span>
          </div>
          {shown.error ? <ErrorCard title={shown.error.status >= 400 && shown.error.status < 500 ? "The query cannot be answered" : "Cannot run the query"} error={shown.error} retry={shown.reload} dataAt={null} />
            : <figure className="card chart" data-chart="explore">
                {isGraph && drawn.data && <Graph series={drawn.data.series} grid={drawn.data.grid} />}
                {!isGraph && instant.data && (view === "raw" ? <Raw answer={instant.data} /> : <ResultTable answer={instant.data} />)}
                {!shown.data && <div className="chart-wait" aria-busy="true" />}
              </figure>}
        </section>
      )}
    </div>
  );
}
