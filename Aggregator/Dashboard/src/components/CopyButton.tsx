import { useState } from "react";
import { Icon } from "./Icon";

/** Copies `text` and says so in place. */
export function CopyButton({ text, label, primary = false }: { text: () => string; label: string; primary?: boolean }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid("Copied");
    } catch {
      setSaid("Copying is not allowed here");
    }
    setTimeout(() => setSaid(""), 2_000);
  };
  return (
    <button className={primary ? "btn primary" : "btn"} onClick={() => void copy()}>
      <Icon name={said === "Copied" ? "check" : "copy"} small /><span aria-live="polite">{said || label}</span>
    </button>
  );
}
