// Axis values that read well: at most four lines over zero.

const decimal = [1, 2, 2.5, 5, 10];
const binary = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The smallest round step that divides 0…`max` into at most `lines`. */
export function niceStep(max: number, isBinary: boolean, lines = 4): number {
  if (!(max > 0)) return 1;
  const raw = max / lines;
  const base = isBinary ? 1024 ** Math.max(0, Math.floor(Math.log(raw) / Math.log(1024))) : 10 ** Math.floor(Math.log10(raw));
  const factor = (isBinary ? binary : decimal).find((candidate) => candidate * base >= raw * 0.9999) ?? 10;
  return factor * base;
}

/** 0, step, 2 step … up to the first at or over `max`. */
export function niceTicks(max: number, isBinary: boolean): number[] {
  const step = niceStep(max, isBinary);
  const lines = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: lines + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** The same from below zero: equal steps from the first at or under `low` (at most 0) to the first at or over `high` (at least 0). */
export function ticksBetween(low: number, high: number, isBinary: boolean): number[] {
  if (low >= 0) return niceTicks(high || 1, isBinary);
  const step = niceStep(Math.max(high, -low), isBinary);
  const [below, above] = [Math.ceil(-low / step - 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: below + above + 1 }, (_, index) => Number(((index - below) * step).toPrecision(12)));
}

/** "10 ms", where a value would say "10.0 ms". */
export const shortened = (text: string) => text.replace(/\.(\d*?)0+(?=\D|$)/, (_, kept: string) => kept === "" ? "" : `.${kept}`);
