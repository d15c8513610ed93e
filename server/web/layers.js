// On a narrow screen the conversation list and the source lie over the page as sheets: what is
// beneath cannot be reached until the sheet is closed.

import { $ } from "./dom.js";

const PARTS = ["top", "rail", "talk", "reader"];
const NARROW = { rail: matchMedia("(max-width: 1179px)"), reader: matchMedia("(max-width: 860px)") };

let opener = null;

/** Opens the sheet `name`; where it has a column of its own it merely stays in sight. */
export function openSheet(name) {
  const active = document.activeElement;
  if (!$(name).contains(active)) opener = active;
  for (const other of Object.keys(NARROW)) $(other).classList.toggle("open", other === name);
  cover();
}

export function closeSheet(name) {
  if (!isOpen(name)) return;
  $(name).classList.remove("open");
  cover();
  if (opener?.isConnected) opener.focus();
  else $("question").focus();
}

export const isOpen = (name) => $(name).classList.contains("open");

/** Whether `name` is a sheet at this width. */
export const isSheet = (name) => NARROW[name].matches;

function cover() {
  const top = Object.keys(NARROW).find((name) => isOpen(name) && isSheet(name)) ?? null;
  for (const part of PARTS) $(part).inert = top !== null && part !== top;
  $("scrim").hidden = top === null;
}

export function startLayers(onclose) {
  for (const query of Object.values(NARROW)) query.addEventListener("change", cover);
  const close = () => {
    const top = Object.keys(NARROW).find((name) => isOpen(name));
    if (top) onclose(top);
  };
  $("scrim").addEventListener("click", close);
  addEventListener("keydown", (event) => {
    // An open dialog takes Escape for itself.
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
  });
}
