// Colours of words in a query: strings, durations and numbers, words of the language, names.
import type { StringStream } from "codemirror";
import { aggregations, functions } from "./completion";

const words = new Set([...functions, ...aggregations, "by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool"]);

export function tokenOf(stream: StringStream): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match(/^#.*/)) return "comment";
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/) || stream.match(/^`[^`]*`?/)) return "string";
  if (stream.match(/^\d[\w.]*/)) return "number";
  const word = stream.match(/^[a-zA-Z_:][\w:]*/) as string[] | null;
  if (word) return words.has(word[0] ?? "") ? "keyword" : "variable";
  stream.next();
  return null;
}
