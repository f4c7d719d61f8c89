// Dark, light or the system's. The choice is this browser's, so it is kept here and not in the address.

export type Theme = "system" | "dark" | "light";
const key = "etcd-monitor-theme";

export function chosenTheme(): Theme {
  try {
    const kept = localStorage.getItem(key);
    return kept === "dark" || kept === "light" ? kept : "system";
  } catch {
    return "system"; // storage may be forbidden; the system's theme is always there
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(key, theme);
  } catch {
    // storage may be forbidden; the choice then lasts as long as the page
  }
  dispatchEvent(new Event("etcd-monitor-theme"));
}

/** Charts draw with colours read from the tokens: they must read them again when those change. */
export function onThemeChange(action: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: light)");
  addEventListener("etcd-monitor-theme", action);
  system.addEventListener("change", action);
  return () => {
    removeEventListener("etcd-monitor-theme", action);
    system.removeEventListener("change", action);
  };
}

/** A colour of tokens.css as the current theme has it. */
export const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
