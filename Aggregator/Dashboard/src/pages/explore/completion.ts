// What may stand at the cursor of a query, told from the text before it.

export type Wanted =
  | { kind: "name"; typed: string }
  | { kind: "label"; typed: string; metric: string }
  | { kind: "value"; typed: string; metric: string; label: string };

const grouping = /(?:\b(?:by|without|on|ignoring|group_left|group_right))\s*\(([^()]*)$/i;

/** The selector that is still open: what follows its brace, and the metric before it. */
function openSelector(text: string): { metric: string; inside: string } | null {
  let start = -1;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at] ?? "";
    if (quote !== "") {
      if (one === "\\" && quote !== "`") at += 1;
      else if (one === quote) quote = "";
    } else if (one === '"' || one === "'" || one === "`") quote = one;
    else if (one === "{") start = at;
    else if (one === "}") start = -1;
  }
  if (start < 0) return null;
  return { metric: /[a-zA-Z_:][\w:]*\s*$/.exec(text.slice(0, start))?.[0]?.trim() ?? "", inside: text.slice(start + 1) };
}

/** Null within a string that is no label's value, and after numbers. */
export function wantedAt(before: string): Wanted | null {
  const selector = openSelector(before);
  if (selector) {
    const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(selector.inside);
    if (value) return { kind: "value", label: value[1] ?? "", typed: value[2] ?? "", metric: selector.metric };
    const label = /(?:^|,)\s*([a-zA-Z_]\w*)?$/.exec(selector.inside);
    return label ? { kind: "label", typed: label[1] ?? "", metric: selector.metric } : null;
  }
  const group = grouping.exec(before);
  if (group) return { kind: "label", typed: /\w*$/.exec(group[1] ?? "")?.[0] ?? "", metric: "" };
  const word = /(?:^|[^\w:"'`.])([a-zA-Z_:][\w:]*)$/.exec(before);
  return word ? { kind: "name", typed: word[1] ?? "" } : null;
}

/** Those that begin with `typed` first, then those that hold it. */
export function matching(known: Iterable<string>, typed: string, most = 60): string[] {
  const low = typed.toLowerCase();
  const all = [...known].filter((one) => one.toLowerCase().includes(low));
  return [...all.filter((one) => one.toLowerCase().startsWith(low)), ...all.filter((one) => !one.toLowerCase().startsWith(low))].slice(0, most);
}

export const aggregations = ["avg", "bottomk", "count", "count_values", "group", "max", "min", "quantile", "stddev", "stdvar", "sum", "topk"];
export const functions = [
  "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time", "ceil", "changes", "clamp",
  "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg",
  "delta", "deriv", "exp", "floor", "histogram_quantile", "hour", "idelta", "increase", "irate", "label_join", "label_replace",
  "last_over_time", "ln", "log10", "log2", "max_over_time", "min_over_time", "minute", "month", "pi", "predict_linear",
  "present_over_time", "quantile_over_time", "rad", "rate", "resets", "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt",
  "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan", "tanh", "time", "timestamp", "vector", "year",
];
