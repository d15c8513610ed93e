// An answer with its sources as plain text, for somebody's notes.

import { announce } from "./announce.js";
import { openDialog } from "./dialogs.js";
import { deepLink, el, safeUrl } from "./dom.js";
import { shownDate, words } from "./i18n.js";
import { inert } from "./text.js";

/** The question, the answer, and each numbered quote with where it stands. */
export function answerAsText(answer) {
  const byMarker = new Map(answer.citations.map((one) => [one.marker, one]));
  const judged = answer.citations.filter((one) => one.support_kind === "entailment");
  const meant = new Set(judged.map((one) => one.marker));
  const lines = [inert(answer.question), "", inert(answer.text)];
  if (byMarker.size) lines.push("", `${words().sources}:`);
  for (const [marker, one] of [...byMarker].sort(([a], [b]) => a - b)) {
    const facts = [one.title, one.publisher, shownDate(one.published_at)].filter(Boolean);
    const address = safeUrl(one.url) ?? new URL(deepLink(one), location.origin).href;
    const label = meant.has(marker) ? ` (${words().byMeaning})` : "";
    lines.push(`[${marker}] “${inert(one.quote)}”${label}`, `    ${inert(facts.join(", "))}`, `    ${address}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Copies, or shows the text to be copied by hand; true if it was copied. */
export async function copyText(text) {
  try {
    // Missing where the page is not served from this machine and without TLS.
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) {
      const field = el("textarea", { rows: 12, readonly: true, "aria-label": words().copy }, text);
      openDialog(words().copy, [el("p", {}, words().notCopied), field]);
      field.select();
      return false;
    }
  }
  announce(words().copied);
  return true;
}

function copyBySelection(text) {
  const field = el("textarea", { class: "visually-hidden", readonly: true }, text);
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
