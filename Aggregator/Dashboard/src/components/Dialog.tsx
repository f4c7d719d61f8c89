import { useEffect, useRef, type KeyboardEvent, type ReactNode } from "react";

const focusable = "a[href], button:not([disabled]), input, select, [tabindex='0']";

/** Over the page: focus starts inside, stays inside, and returns to where it was. Esc and a press outside close it. */
export function Dialog({ label, close, children }: { label: string; close: () => void; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    box.current?.querySelector<HTMLElement>(focusable)?.focus();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key !== "Tab") return;
    const stops = [...(box.current?.querySelectorAll<HTMLElement>(focusable) ?? [])];
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
  };

  return (
    <div className="scrim" onMouseDown={(event) => event.target === event.currentTarget && close()}>
      <div role="dialog" aria-modal="true" aria-label={label} ref={box} onKeyDown={onKeyDown}>{children}</div>
    </div>
  );
}
