// The page's language: the browser's, until somebody switches.

import { local } from "./storage.js";
import en from "./words.en.js";
import ko from "./words.ko.js";

const WORDS = { ko, en };

let current = chosen() ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");

function chosen() {
  const stored = local.get("language");
  return Object.hasOwn(WORDS, stored ?? "") ? stored : null;
}

export function words() {
  return WORDS[current];
}

export function language() {
  return current;
}

export function switchLanguage() {
  current = current === "ko" ? "en" : "ko";
  local.set("language", current);
}

/** A date as people of this language write it; what is not a date is shown as it is. */
export function shownDate(iso) {
  if (!iso) return null;
  const day = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  if (!day) return iso;
  const date = new Date(Date.UTC(+day[1], +day[2] - 1, +day[3]));
  return new Intl.DateTimeFormat(current, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

/** A moment of the past: the hour if it was today, else the day. */
export function shownMoment(iso, now = new Date()) {
  const moment = new Date(iso);
  const today = moment.toDateString() === now.toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(current, style).format(moment);
}

/** Fills `data-text` and `data-label` of the static page. */
export function translate(root) {
  document.documentElement.lang = current;
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = words()[node.dataset.text];
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words()[node.dataset.label]);
    if (node.tagName === "BUTTON") node.title = words()[node.dataset.label];
  }
  for (const node of root.querySelectorAll("[data-placeholder]")) {
    node.placeholder = words()[node.dataset.placeholder];
  }
}
