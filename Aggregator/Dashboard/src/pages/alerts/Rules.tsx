import { loadRules, type Rule, type RuleGroup } from "../../api/rules";
import { ErrorCard } from "../../components/ErrorCard";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Skeleton } from "../../components/Skeleton";
import { Mark } from "../../components/StatusMark";
import { useParam, withParams } from "../../lib/router";
import { useResource } from "../../lib/useResource";
import { duration } from "../../lib/units";
import { Preview } from "./Preview";
import { RuleDraft } from "./RuleDraft";

const severities: Record<string, "critical" | "degraded" | "healthy"> = { critical: "critical", warning: "degraded" };

/** "firing on 2, pending on 1"; an error of the rule itself comes first. */
export function ruleState(rule: Pick<Rule, "health" | "clusters">): string {
  if (rule.health === "err") return "cannot be evaluated";
  const count = (state: string) => rule.clusters.filter((one) => one.state === state).length;
  const parts = ["firing", "pending"].flatMap((state) => count(state) > 0 ? [`${state} on ${count(state)}`] : []);
  return parts.length > 0 ? parts.join(", ") : rule.health === "ok" ? "quiet" : "not evaluated yet";
}

function Row({ rule, isChosen }: { rule: Rule; isChosen: boolean }) {
  const state = ruleState(rule);
  return (
    <tr data-rule={rule.id} {...(isChosen ? { "aria-current": true } : {})}>
      <td><Mark status={severities[rule.severity ?? ""] ?? "healthy"} size="s" /><span className="sr">{rule.severity ?? "info"}</span></td>
      <td className="what"><Link className="t1" href={withParams({ rule: rule.id, expr: "" })}>{rule.name}</Link>
        <span className="t3" title={rule.query}>{rule.query}</span></td>
      <td className="num">{rule.forSeconds === 0 ? "at once" : duration(rule.forSeconds)}</td>
      <td className={rule.health === "err" ? "degraded" : state.startsWith("firing") ? "t1" : "t3"} title={rule.lastError ?? ""}>{state}</td>
    </tr>
  );
}

function Detail({ rule, group }: { rule: Rule; group: RuleGroup }) {
  const { cause, action, summary } = rule.annotations;
  return (
    <aside className="card" aria-label="Rule">
      <header className="ruled"><h2 className="cut">{rule.name}</h2><span className="grow" /><Link className="btn quiet icon" aria-label="Close" href={withParams({ rule: "" })}><Icon name="x" small /></Link></header>
      <div className="body stack">
        {rule.lastError && <p className="degraded" role="alert">{rule.lastError}</p>}
        {summary && <p className="t2">{summary}</p>}
        <pre className="code wrap" tabIndex={0} role="region" aria-label="Expression">{rule.query}</pre>
        <div className="row wrap"><Link className="btn" href={`/explore?${new URLSearchParams({ q: rule.query })}`}>Explore</Link></div>
        <dl className="kv left">
          {cause && <><dt>Cause</dt><dd>{cause}</dd></>}
          {action && <><dt>What to do</dt><dd>{action}</dd></>}
          <dt>Severity</dt><dd>{rule.severity ?? "none"}</dd>
          <dt>Held for</dt><dd>{rule.forSeconds === 0 ? "nothing, fires at once" : duration(rule.forSeconds)}</dd>
          <dt>Evaluated</dt><dd>every {duration(group.intervalSeconds)}, took {duration(rule.lastDurationSeconds)}</dd>
          <dt>Group, file</dt><dd>{group.name}, {group.file}</dd>
          {rule.parameters.map((one) => [<dt key={one.name}>{one.name}</dt>, <dd key={`${one.name} value`}>{one.value} {one.unit}, {one.meaning}</dd>])}
        </dl>
        {rule.kind === "alert" && <Preview key={rule.id} question={{ rule: rule.id }} identity={rule.id} />}
      </div>
    </aside>
  );
}

/** Every alerting rule, how it goes, and when it would have fired. */
export function Rules({ text }: { text: string }) {
  const [chosen] = useParam("rule");
  const [expression, setExpression] = useParam("expr");
  const [isNew, setNew] = useParam("new");
  const { data, error, at, reload } = useResource("rules", 0, loadRules);
  if (data === null) return error ? <ErrorCard title="Cannot load the rules" error={error} retry={reload} /> : <Skeleton tall />;
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rules = data.flatMap((group) => group.rules.filter((rule) => rule.kind === "alert").map((rule) => ({ rule, group })));
  const shown = rules.filter(({ rule }) => words.every((word) => `${rule.name} ${rule.query} ${rule.severity ?? ""} ${ruleState(rule)}`.toLowerCase().includes(word)));
  const one = rules.find(({ rule }) => rule.id === chosen);
  const isDraft = expression !== "" || isNew !== "";
  return (
    <>
      {error && <ErrorCard title="Cannot refresh the rules" error={error} retry={reload} dataAt={at} />}
      {isDraft && <RuleDraft key={expression} expression={expression} close={() => { setExpression(""); setNew(""); }} />}
      <div className={one ? "side-r" : "stack"}>
        <section className="card scroll" tabIndex={0} role="region" aria-label="Rules">
          {shown.length === 0 ? <div className="empty"><h2>{rules.length === 0 ? "No rule is loaded" : "No rule matches the filter"}</h2></div> : (
            <table className="table alerts-table rules-table"><thead><tr><th><span className="sr">Severity</span></th><th>Rule and expression</th><th className="num">Held for</th><th>State</th></tr></thead>
              <tbody>{shown.map(({ rule }) => <Row key={rule.id} rule={rule} isChosen={rule.id === chosen} />)}</tbody></table>
          )}
        </section>
        {one && <Detail rule={one.rule} group={one.group} />}
      </div>
    </>
  );
}
