/** Light or dark: as the system has it, or as was chosen here. */

import { signal } from "@preact/signals";

const KEY = "headspring-theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const kept = localStorage.getItem(KEY);
const theme = signal<Theme>(THEMES.find((one) => one === kept) ?? "system");

function show(chosen: Theme): void {
  theme.value = chosen;
  document.documentElement.style.colorScheme = chosen === "system" ? "light dark" : chosen;
  localStorage.setItem(KEY, chosen);
}
show(theme.value);

export function ThemeButton() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return (
    <button type="button" class="plain" title={`Colours; the next choice is ${next}`} onClick={() => show(next)}>
      {{ system: "Auto colours", light: "Light", dark: "Dark" }[theme.value]}
    </button>
  );
}
