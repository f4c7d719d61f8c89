import { useEffect, useState, type RefObject } from "react";

export interface VirtualRows { first: number; end: number; before: number; after: number }

const margin = 20;

/** The rows near the screen, and the heights that stand for the others. Rows are as high as the first one. */
export function rowsInView(count: number, rowHeight: number, top: number, screen: number): VirtualRows {
  const first = Math.max(0, Math.min(count, Math.floor(-top / rowHeight) - margin));
  const end = Math.min(count, Math.max(first, Math.ceil((screen - top) / rowHeight) + margin));
  return { first, end, before: first * rowHeight, after: (count - end) * rowHeight };
}

export function useVirtualRows(box: RefObject<HTMLElement>, count: number, isOn: boolean): VirtualRows {
  const [view, setView] = useState({ top: 0, rowHeight: 32 });
  useEffect(() => {
    if (!isOn) return undefined;
    const measure = () => {
      const body = box.current?.querySelector("tbody");
      const row = body?.querySelector("tr:not(.spacer)");
      if (!body || !row) return;
      const next = { top: Math.round(body.getBoundingClientRect().top), rowHeight: row.getBoundingClientRect().height || 32 };
      setView((old) => old.top === next.top && old.rowHeight === next.rowHeight ? old : next);
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [box, count, isOn]);
  if (!isOn) return { first: 0, end: count, before: 0, after: 0 };
  return rowsInView(count, view.rowHeight, view.top, window.innerHeight);
}
