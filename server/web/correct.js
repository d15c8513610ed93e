// Correcting the data of an article, and removing one.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { confirm, openDialog } from "./dialogs.js";
import { button, el } from "./dom.js";
import { words } from "./i18n.js";
import { problemNode } from "./problem.js";

const FIELDS = ["title", "author", "publisher", "published_at", "url"];
const LIMITS = { title: 1000, url: 2000 };

/** Opens the form; `changed(article)` is called with the new version. */
export function correct(article, changed) {
  const fields = FIELDS.map((name) =>
    el("input", {
      id: `correct-${name}`,
      type: name === "url" ? "url" : "text",
      value: article[name] ?? "",
      maxlength: LIMITS[name] ?? 500,
      required: name === "title",
      autocomplete: "off",
      spellcheck: "false",
      autofocus: name === "title",
    }),
  );
  const wrong = el("div");
  const send = async (event) => {
    event?.preventDefault();
    const changes = {};
    for (const [n, name] of FIELDS.entries()) {
      const value = fields[n].value.trim();
      if (value !== (article[name] ?? "")) changes[name] = value || null;
    }
    if (!Object.keys(changes).length) {
      dialog.close();
      return;
    }
    try {
      const { article: now } = await api.edit(article.id, changes);
      dialog.close();
      announce(words().corrected);
      changed(now);
    } catch (error) {
      wrong.replaceChildren(problemNode(error, () => send()));
    }
  };
  const rows = FIELDS.flatMap((name, n) => [
    el("label", { for: `correct-${name}` }, words().fields[name]),
    fields[n],
  ]);
  const form = el(
    "form",
    { class: "stack", onsubmit: send, novalidate: true },
    el("p", { class: "quiet" }, words().correctText),
    rows,
    wrong,
    el(
      "div",
      { class: "dialog-foot" },
      button(words().cancel, () => dialog.close(), { class: "button" }),
      el("button", { type: "submit", class: "button primary" }, words().save),
    ),
  );
  const dialog = openDialog(words().correctTitle, form, { className: "correct" });
}

/** Asks, removes the article with all its versions, then calls `removed()`. */
export async function removeArticle(article, removed, failed) {
  const { removeTitle, removeText, delete: doIt } = words();
  if (!(await confirm(removeTitle, removeText(article.title), doIt))) return;
  try {
    await api.removeArticle(article.id);
  } catch (error) {
    // What somebody else has removed is removed.
    if (error.status !== 404) {
      failed(problemNode(error, () => removeArticle(article, removed, failed)));
      return;
    }
  }
  announce(words().removed);
  removed();
}
