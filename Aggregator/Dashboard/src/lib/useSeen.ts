import { useEffect, useState, type RefObject } from "react";

/** Whether the element is on the screen or within one screen of it. */
export function useSeen(element: RefObject<Element>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const watched = element.current;
    if (!watched) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry && setSeen(entry.isIntersecting), { rootMargin: "50%" });
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element]);
  return isSeen;
}
