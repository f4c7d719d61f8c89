// The part of uPlot 1.6 that the charts use; its wheel carries no types.
declare module "uplot-css";

declare module "uplot" {
  export type Values = (number | null)[];
  export type Data = [number[], ...Values[]];
  type Hook = (plot: uPlot) => void;
  type Paint = string | ((plot: uPlot, series: number) => string);

  export interface Options {
    width: number;
    height: number;
    padding?: (number | null)[];
    legend?: { show: boolean };
    cursor?: {
      y?: boolean;
      bind?: { mousedown?: (plot: uPlot, target: HTMLElement, start: (event: MouseEvent) => void) => (event: MouseEvent) => void };
      drag?: { x: boolean; y: boolean; setScale: boolean; dist?: number };
      points?: { size: number; width: number; fill: Paint; stroke: Paint };
    };
    scales?: Record<string, { time?: boolean; range?: (plot: uPlot, min: number | null, max: number | null) => [number, number] }>;
    axes?: {
      scale?: string; side?: number; size?: number | ((plot: uPlot, values: string[] | null) => number); gap?: number; space?: number;
      font?: string; stroke?: Paint; grid?: { show?: boolean; stroke?: string; width?: number }; ticks?: { show?: boolean };
      splits?: (plot: uPlot, axis: number, min: number, max: number) => number[];
      values?: (plot: uPlot, splits: number[]) => string[];
    }[];
    series: { label?: string; stroke?: Paint; width?: number; dash?: number[]; points?: { show: boolean }; spanGaps?: boolean; scale?: string }[];
    hooks?: Partial<Record<"drawClear" | "drawAxes" | "draw" | "setSelect" | "setCursor" | "ready", Hook[]>>;
  }

  export default class uPlot {
    constructor(options: Options, data: Data, host: HTMLElement);
    readonly ctx: CanvasRenderingContext2D;
    /** The plot area in canvas pixels. */
    readonly bbox: { left: number; top: number; width: number; height: number };
    readonly over: HTMLElement;
    readonly select: { left: number; width: number };
    readonly cursor: { idx: number | null };
    readonly data: Data;
    readonly scales: Record<string, { min: number; max: number }>;
    valToPos(value: number, scale: string, canvasPixels?: boolean): number;
    posToVal(position: number, scale: string): number;
    setData(data: Data, resetScales?: boolean): void;
    setSize(size: { width: number; height: number }): void;
    setScale(scale: string, range: { min: number; max: number }): void;
    setSelect(select: { left: number; top: number; width: number; height: number }, fire: boolean): void;
    setCursor(position: { left: number; top: number }): void;
    destroy(): void;
  }
}
