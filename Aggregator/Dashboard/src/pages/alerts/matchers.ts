// Matchers of a silence: written by people, proposed from an alert, tried on what is active.
import type { Alert } from "../../api/alerts";
import type { Matcher } from "../../api/silences";

/** cluster and rule, and the member when the alert has one: wide enough for the flapping, narrow enough for the next fault. */
export function proposedMatchers(labels: Record<string, string>): Matcher[] {
  return ["alertname", "cluster", "instance"].flatMap((name) => {
    const value = labels[name];
    return value === undefined || value === "" ? [] : [{ name, operation: "=" as const, value }];
  });
}

export const matchersText = (matchers: readonly Matcher[]) => matchers.map((one) => `${one.name}${one.operation}${JSON.stringify(one.value)}`).join(", ");

const one = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^",]*?)\s*(,|$)/;

/** Null when the text is no list of matchers, or holds none. */
export function readMatchers(text: string): Matcher[] | null {
  const found: Matcher[] = [];
  let rest = text.trim().replace(/^\{|\}$/g, "");
  while (rest.trim() !== "") {
    const match = one.exec(rest);
    if (!match) return null;
    const [whole, name = "", operation, written = ""] = match;
    const value = unquoted(written);
    if (value === null || (operation?.endsWith("~") && !isPattern(value))) return null;
    found.push({ name, operation: operation as Matcher["operation"], value });
    rest = rest.slice((whole ?? "").length);
  }
  return found.length === 0 ? null : found;
}

function unquoted(written: string): string | null {
  if (!written.startsWith('"')) return written;
  try {
    return JSON.parse(written) as string;
  } catch {
    return null; // an escape that JSON does not know: the reader is told that the matcher cannot be read
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false; // what cannot be compiled matches nothing
  }
}

/** As the server does: a label that is not there is empty, patterns match the whole. */
export function matches(matcher: Matcher, labels: Record<string, string>): boolean {
  const value = labels[matcher.name] ?? "";
  const isSame = matcher.operation.endsWith("~") ? new RegExp(`^(?:${matcher.value})$`).test(value) : value === matcher.value;
  return matcher.operation.startsWith("!") ? !isSame : isSame;
}

export const silencedBy = (matchers: readonly Matcher[], alerts: readonly Alert[]) =>
  alerts.filter((alert) => matchers.every((matcher) => matches(matcher, alert.labels)));
