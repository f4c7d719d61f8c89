import "./browser";
import { renderToStaticMarkup } from "react-dom/server";
import { HistoryBar } from "../../src/components/HistoryBar";
import { enrolmentCommand } from "../../src/components/Enrolment";
import { Topology } from "../../src/pages/cluster/Topology";
import type { ClusterDetail } from "../../src/api/clusters";
import { equal, isTrue, test } from "./harness";

declare const require: (name: string) => any;
declare const process: { env: Record<string, string | undefined> };
const recorded = (name: string): ClusterDetail =>
  JSON.parse(require("node:fs").readFileSync(`${process.env["FIXTURES"] ?? ""}/${name}.json`, "utf8"));

test("the history says its hours in words", () => {
  const html = renderToStaticMarkup(<HistoryBar name="a" history={[{ at: 0, status: "healthy" }, { at: 1, status: "critical" }]} />);
  isTrue(html.includes("healthy 0.25 h, critical 0.25 h"));
});

test("the topology says who leads and which edges are slow", () => {
  const html = renderToStaticMarkup(<Topology cluster={recorded("cluster-degraded")} />);
  isTrue(html.includes("etcd-2 leads; etcd-1, etcd-3 follow; etcd-4 learn"));
  isTrue(html.includes("etcd-1 to etcd-2 slow") || html.includes("etcd-2 to etcd-1 slow"));
});

test("nothing is drawn with a style attribute", () => {
  for (const name of ["cluster-healthy", "cluster-degraded", "cluster-critical", "cluster-unknown"]) {
    equal(renderToStaticMarkup(<Topology cluster={recorded(name)} />).includes("style="), false);
  }
});

test("the token comes from standard input, so no process list shows it", () => {
  isTrue(enrolmentCommand("https://m:8379", "sha256:ab", "emt_x").includes("--token-file -"));
});
