import { useEffect, useRef } from "react";

export type KeyBindings = Record<string, () => void>;

const sequenceMilliseconds = 1_000;

/** Whether the reader is typing text, where letters must stay letters. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}

/** Keys for the whole page: "?", "/", or two in a row as "g f". Not while typing, nor with Ctrl, Alt or Meta. */
export function useKeys(bindings: KeyBindings): void {
  const current = useRef(bindings);
  current.current = bindings;
  useEffect(() => {
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      const pair = performance.now() - at < sequenceMilliseconds ? `${first} ${event.key}` : "";
      const action = current.current[pair] ?? current.current[event.key];
      first = event.key;
      at = performance.now();
      if (!action) return;
      first = "";
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
