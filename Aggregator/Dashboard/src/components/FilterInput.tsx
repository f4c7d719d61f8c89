import { useRef } from "react";
import { useKeys } from "../lib/useKeys";
import { Icon } from "./Icon";

/** A text filter that "/" reaches and Esc clears. */
export function FilterInput({ value, change, label }: { value: string; change: (text: string) => void; label: string }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => input.current?.focus() });
  return (
    <label className="input filter">
      <Icon name="search" small />
      <input ref={input} aria-label={label} placeholder={label} value={value} spellCheck={false} autoComplete="off"
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => { if (event.key === "Escape") change(""); }} />
      <kbd className="only-wide">/</kbd>
    </label>
  );
}
