// An answer with its sources as plain text, for somebody's notes.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { openDialog } from "./dialogs.js";
import { button, deepLink, el, safeUrl } from "./dom.js";
import { shownDate, words } from "./i18n.js";
import { problemNode } from "./problem.js";
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

/** Makes a link to the answer of `turn`, copies it and shows it. */
export async function shareAnswer(answer) {
  let content;
  try {
    const { url, token } = await api.share(answer.conversation_id, answer.id);
    const link = new URL(url || `/shared/${token}`, location.origin).href;
    const field = el("input", { id: "share-link", type: "text", readonly: true, value: link, autofocus: true });
    const copied = el("span", { class: "quiet", role: "status" });
    const copy = async () => {
      if (await copyText(link)) copied.textContent = words().copied;
    };
    content = [
      el("p", {}, words().shareText),
      el(
        "div",
        { class: "row" },
        el("label", { for: "share-link" }, words().shareLink),
        field,
        button(words().copyLink, copy, { class: "button primary" }),
      ),
      copied,
    ];
    openDialog(words().shareTitle, content, { className: "narrow" });
    field.select();
  } catch (error) {
    content = [problemNode(error)];
    openDialog(words().shareTitle, content, { className: "narrow" });
  }
}

function copyBySelection(text) {
  const field = el("textarea", { class: "visually-hidden", readonly: true }, text);
  const before = document.activeElement;
  // A modal dialog makes everything outside of it inert.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
