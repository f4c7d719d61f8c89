import { useState } from "react";
import { chooseTheme, chosenTheme, type Theme } from "../lib/theme";
import { Icon } from "./Icon";

const next: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

/** Goes round: as the system says, dark, light. */
export function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme);
  const label = `Theme: ${theme}. Switch to ${next[theme]}`;
  const turn = () => {
    chooseTheme(next[theme]);
    setTheme(next[theme]);
  };
  return <button className="btn quiet icon" aria-label={label} title={label} onClick={turn}><Icon name="theme" /></button>;
}
