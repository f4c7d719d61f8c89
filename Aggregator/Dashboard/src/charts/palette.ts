import { token } from "../lib/theme";

/** The chart colours of the current theme; read again when it changes. */
export interface ChartColours {
  series: string[]; grid: string; axis: string; limit: string; over: string; mark: string; markGlyph: string; cross: string;
  panel: string; gap: string;
}

export function chartColours(): ChartColours {
  return {
    series: Array.from({ length: 8 }, (_, index) => token(`--series-${index + 1}`)),
    grid: token("--chart-grid"), axis: token("--chart-axis"), limit: token("--chart-limit"), over: token("--chart-over"),
    mark: token("--chart-mark"), markGlyph: token("--text-2"), cross: token("--chart-cross"), panel: token("--panel"), gap: token("--unknown-tint"),
  };
}
