// Light, dark, or as the system has it.

import { icon } from "./dom.js";
import { words } from "./i18n.js";
import { local } from "./storage.js";

const NEXT = { system: "light", light: "dark", dark: "system" };

const chosen = () => document.documentElement.dataset.theme ?? "system";

/** Makes `control` step through the three themes and show which one it is. */
export function themeSwitch(control) {
  control.addEventListener("click", () => {
    const next = NEXT[chosen()];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    local.set("theme", next === "system" ? null : next);
    renderTheme(control);
  });
}

/** Shows the present theme on its switch, in the present language. */
export function renderTheme(control) {
  const label = words().theme[chosen()];
  control.replaceChildren(icon(chosen()));
  control.setAttribute("aria-label", label);
  control.title = label;
}
