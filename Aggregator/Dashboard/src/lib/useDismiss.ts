import { useEffect, type RefObject } from "react";

/** Closes what is open on Escape and on a press outside; focus goes back to the control that opened it. */
export function useDismiss(box: RefObject<HTMLElement>, isOpen: boolean, close: () => void): void {
  useEffect(() => {
    if (!isOpen) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      box.current?.querySelector<HTMLElement>("[aria-expanded]")?.focus();
    };
    const onPress = (event: MouseEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close();
    };
    addEventListener("keydown", onKey);
    addEventListener("mousedown", onPress);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("mousedown", onPress);
    };
  });
}
