// Numbers as the guide wants them: three figures, a thin no-break space before the unit, bytes binary, one unit.

const thin = "\u202f";
export const unknown = "–";

type Value = number | null | undefined;
const isNumber = (value: Value): value is number => typeof value === "number" && Number.isFinite(value);

/** Three significant figures, whole numbers with commas: 1.84, 14.2, 1,848. */
export function figures(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 3;
  const text = value.toFixed(digits);
  const trimmed = size < 0.0005 ? "0" : text.includes(".") && size >= 1 ? text : Number(text).toString();
  return withCommas(trimmed);
}

function withCommas(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Exact up to 99,999, then 2.1 M. */
export function count(value: Value): string {
  if (!isNumber(value)) return unknown;
  if (Math.abs(value) < 100_000) return withCommas(String(Math.round(value)));
  return value < 1e6 ? `${figures(value / 1e3)}${thin}k` : value < 1e9 ? `${figures(value / 1e6)}${thin}M` : `${figures(value / 1e9)}${thin}G`;
}

/** A 64-bit number that came as text: commas, nothing rounded. */
export const index = (value: string | null | undefined): string => (value ? withCommas(value) : unknown);

const binary = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(value: Value): string {
  if (!isNumber(value)) return unknown;
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1000 && unit < binary.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(Math.round(scaled)) : figures(scaled)}${thin}${binary[unit]}`;
}

/** Network: decimal, because links are sold so. */
export function byteRate(value: Value): string {
  if (!isNumber(value)) return unknown;
  if (value >= 1e9) return `${figures(value / 1e9)}${thin}GB/s`;
  if (value >= 1e6) return `${figures(value / 1e6)}${thin}MB/s`;
  return value >= 1e3 ? `${figures(value / 1e3)}${thin}kB/s` : `${Math.round(value)}${thin}B/s`;
}

/** One decimal below ten, none above: 4.2, 38. */
const brief = (value: number) => (Math.abs(value) >= 9.95 ? String(Math.round(value)) : Number(value.toFixed(1)).toString());

export const rate = (value: Value): string => !isNumber(value) ? unknown : `${value >= 100 ? count(value) : brief(value)}/s`;

export function percent(ratio: Value): string {
  if (!isNumber(ratio)) return unknown;
  const value = ratio * 100;
  return `${Math.abs(value) >= 99.95 ? Math.round(value) : Math.abs(value) < 0.05 ? 0 : Number(value.toFixed(1))}${thin}%`;
}

/** One decimal below a hundred: 5.4, 38.4, 212. */
const tenths = (value: number) => (Math.abs(value) >= 99.95 ? withCommas(String(Math.round(value))) : value.toFixed(1));

/** Latency: µs, ms or s; 38.4 ms, 941 µs. */
export function latency(seconds: Value): string {
  if (!isNumber(seconds)) return unknown;
  const size = Math.abs(seconds);
  if (size === 0) return `0${thin}ms`;
  if (size < 0.001) return `${Math.round(seconds * 1e6)}${thin}µs`;
  return size < 1 ? `${tenths(seconds * 1e3)}${thin}ms` : `${tenths(seconds)}${thin}s`;
}

/** How long, in one unit: 0.4 s, 44 min, 5 h, 94 d. */
export function duration(seconds: Value): string {
  if (!isNumber(seconds)) return unknown;
  const size = Math.max(0, seconds);
  if (size < 10) return `${size.toFixed(1)}${thin}s`;
  if (size < 60) return `${Math.round(size)}${thin}s`;
  if (size < 3600) return `${Math.floor(size / 60)}${thin}min`;
  return size < 2 * 86_400 ? `${Math.floor(size / 3600)}${thin}h` : `${Math.floor(size / 86_400)}${thin}d`;
}
