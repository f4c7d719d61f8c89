// Completion for the editor: names with type and help, labels and values as the aggregator knows them.
import CodeMirror from "codemirror";
import { loadLabels, loadMetrics, loadValues, type MetricFact } from "../../api/promql";
import { aggregations, functions, matching, wantedAt, type Wanted } from "./completion";

interface Entry { text: string; kind: string; help: string }

let metrics: Promise<Map<string, MetricFact>> | null = null;
const lists = new Map<string, Promise<string[]>>();
const mostLists = 50;

function metricsOnce(): Promise<Map<string, MetricFact>> {
  metrics ??= loadMetrics().catch((error: unknown) => { metrics = null; throw error; });
  return metrics;
}

function listOnce(key: string, load: () => Promise<string[]>): Promise<string[]> {
  const known = lists.get(key);
  if (known) return known;
  if (lists.size >= mostLists) lists.clear();
  const loading = load().catch((error: unknown) => { lists.delete(key); throw error; });
  lists.set(key, loading);
  return loading;
}

async function entriesFor(wanted: Wanted): Promise<Entry[]> {
  if (wanted.kind === "label") {
    const names = await listOnce(`labels ${wanted.metric}`, () => loadLabels(wanted.metric));
    return matching(names, wanted.typed).map((text) => ({ text, kind: "label", help: "" }));
  }
  if (wanted.kind === "value") {
    const values = await listOnce(`values ${wanted.label} ${wanted.metric}`, () => loadValues(wanted.label, wanted.metric));
    return matching(values, wanted.typed).map((text) => ({ text: JSON.stringify(text).slice(1, -1), kind: "value", help: "" }));
  }
  const known = await metricsOnce();
  return matching([...functions, ...aggregations, ...known.keys()], wanted.typed).map((text) => {
    const fact = known.get(text);
    return fact ? { text, kind: fact.type || "metric", help: fact.help } : { text, kind: aggregations.includes(text) ? "aggregation" : "function", help: "" };
  });
}

function part(className: string, text: string): HTMLSpanElement {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  return span;
}

/** No hints rather than a broken editor when the aggregator does not answer: the page says so when the query is run. */
export async function hintsAt(editor: CodeMirror.Editor): Promise<CodeMirror.Hints | null> {
  const cursor = editor.getCursor();
  const wanted = wantedAt(editor.getRange({ line: 0, ch: 0 }, cursor));
  if (!wanted) return null;
  const entries = await entriesFor(wanted).catch(() => []);
  if (entries.length === 0 || (entries.length === 1 && entries[0]?.text === wanted.typed)) return null;
  const hints: CodeMirror.Hints = {
    from: { line: cursor.line, ch: cursor.ch - wanted.typed.length }, to: cursor,
    list: entries.map((entry) => ({
      text: entry.text,
      render: (item) => { item.append(part("hint-name", entry.text), part("hint-kind", entry.kind), part("hint-help", entry.help)); },
    })),
  };
  CodeMirror.on(hints, "shown", nameTheList);
  return hints;
}

/** CodeMirror gives its list no name, and an attribute that a listbox may not have. */
function nameTheList(): void {
  const list = document.querySelector(".CodeMirror-hints");
  list?.setAttribute("aria-label", "Completions");
  list?.removeAttribute("aria-expanded");
}
