/** Letter pairs shared by two words, as a share of all: tolerant of a missing or a wrong letter. */
function likeness(a: string, b: string): number {
  const pairs = (text: string) => new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
  const first = pairs(a.toLowerCase());
  const second = pairs(b.toLowerCase());
  const shared = [...first].filter((pair) => second.has(pair)).length;
  return (2 * shared) / (first.size + second.size || 1);
}

/** The name most like `text`, or null if none is like it at all. */
export function nearestName(text: string, names: readonly string[]): string | null {
  const best = [...names].sort((a, b) => likeness(text, b) - likeness(text, a))[0];
  return best !== undefined && likeness(text, best) > 0.2 ? best : null;
}
