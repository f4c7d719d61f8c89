import { useEffect, useRef, useState, type RefObject } from "react";

/**
 * The items in their new order, except while the pointer is over the list: then each stays in its place, so that a
 * click never lands on a neighbour that has just moved. Another `reason` (a sort, a filter) orders them at once.
 */
export function useSteadyOrder<Item extends { name: string }>(
  box: RefObject<HTMLElement>, items: readonly Item[], reason: string,
): readonly Item[] {
  const [isInside, setInside] = useState(false);
  const kept = useRef({ reason, names: [] as string[] });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const enter = () => setInside(true);
    const leave = () => setInside(false);
    element.addEventListener("pointerenter", enter);
    element.addEventListener("pointerleave", leave);
    return () => {
      element.removeEventListener("pointerenter", enter);
      element.removeEventListener("pointerleave", leave);
    };
  }, [box]);

  if (!isInside || kept.current.reason !== reason) {
    kept.current = { reason, names: items.map((item) => item.name) };
    return items;
  }
  const place = new Map(kept.current.names.map((name, index) => [name, index]));
  return [...items].sort((a, b) => (place.get(a.name) ?? items.length) - (place.get(b.name) ?? items.length));
}
