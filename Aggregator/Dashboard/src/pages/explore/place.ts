/** Where in a query an error is: line and character from 0. */
export interface Place { line: number; character: number }

/**
 * From the API's words: "1:5: parse error: …" or "… (1:5)". Its columns count bytes of UTF-8, an editor's count UTF-16.
 * Null when the error is about no place.
 */
export function errorPlace(message: string, query: string): Place | null {
  const found = /^(\d+):(\d+): /.exec(message) ?? /\((\d+):(\d+)\)$/.exec(message);
  if (!found) return null;
  const lines = query.split("\n");
  const line = Math.min(Number(found[1]), lines.length) - 1;
  const bytes = new TextEncoder().encode(lines[line] ?? "").slice(0, Number(found[2]) - 1);
  return { line, character: new TextDecoder().decode(bytes).length };
}
