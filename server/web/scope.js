// The one article that questions are about, while a reader wants that.

import { announce } from "./announce.js";
import { $, el, icon, iconButton } from "./dom.js";
import { words } from "./i18n.js";
import { sourceNodes } from "./text.js";

let chosen = null;

/** `{id, title, language}`, or null for all articles. */
export const scope = () => chosen;

/** Asks only `article` from now on, or all articles. */
export function setScope(article) {
  const renamed = article && chosen?.id === article.id;
  chosen = article && { id: article.id, title: article.title, language: article.language };
  renderScope();
  if (!renamed) announce(chosen ? words().scopedTo(chosen.title) : words().unscoped);
}

/** The line above the question, in the present language. */
export function renderScope() {
  const node = $("scope");
  node.hidden = !chosen;
  $("question").placeholder = chosen ? words().placeholderScoped : words().placeholder;
  if (!chosen) return node.replaceChildren();
  const clear = iconButton("close", words().clearScope, () => {
    setScope(null);
    $("question").focus();
  });
  const title = el("span", { class: "scope-title", lang: chosen.language }, sourceNodes(chosen.title));
  return node.replaceChildren(icon("file"), el("span", { class: "scope-label" }, words().onlyThis), title, clear);
}
