// The first visit: what this is, questions that the stored articles answer, the newest articles.

import * as api from "./api.js";
import { button, deepLink, el, plainClick } from "./dom.js";
import { language, shownDate, words } from "./i18n.js";
import { langOf, sourceNodes } from "./text.js";

const NEWEST = 3;

let drawing = 0;

/** The node; what it shows arrives later. `hooks`: ask(question), open(place), addArticles(). */
export function welcome(hooks) {
  const mine = ++drawing;
  const starters = el("section", { class: "starters", hidden: true });
  const newest = el("section", { class: "newest", hidden: true });
  const node = el(
    "div",
    { class: "welcome" },
    el("h2", {}, words().welcome),
    el("p", { class: "welcome-text" }, words().welcomeText),
    starters,
    newest,
  );
  const current = () => mine === drawing && node.isConnected;
  fillNewest(newest, hooks, current);
  fillStarters(starters, hooks, current);
  return node;
}

async function fillStarters(into, hooks, current) {
  let found;
  try {
    found = await api.starters(language());
  } catch {
    return; // an invitation, not a duty: the list of articles reports what is wrong
  }
  if (!current() || !found.length) return;
  const items = found.map(({ question }) =>
    el("li", {}, button(question, () => hooks.ask(question), { class: "starter", lang: langOf(question) })),
  );
  into.replaceChildren(el("h3", {}, words().starters), el("ul", {}, items));
  into.hidden = false;
}

async function fillNewest(into, hooks, current) {
  let found;
  try {
    ({ articles: found } = await api.articles({ limit: NEWEST }));
  } catch {
    return;
  }
  if (!current()) return;
  if (!found.length) {
    const add = button(words().addArticles, hooks.addArticles, { class: "button primary" });
    into.replaceChildren(el("p", { class: "quiet" }, words().noArticles), add);
  } else {
    into.replaceChildren(el("h3", {}, words().newest), el("ul", {}, found.map((one) => item(one, hooks))));
  }
  into.hidden = false;
}

function item(one, hooks) {
  const place = { article_id: one.id, version: one.version };
  const facts = [one.publisher, shownDate(one.published_at)].filter(Boolean).join(" · ");
  const onclick = plainClick(() => hooks.open(place));
  return el(
    "li",
    {},
    el(
      "a",
      { class: "newest-link", href: deepLink(place), onclick },
      el("span", { lang: one.language }, sourceNodes(one.title)),
      facts ? el("span", { class: "origin" }, sourceNodes(facts)) : null,
    ),
  );
}
