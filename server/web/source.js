// The source pane: the list of articles, or one of them with the cited characters marked.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { articleView } from "./article.js";
import { correct, removeArticle } from "./correct.js";
import { $, deepLink, el, icon, iconButton, motion } from "./dom.js";
import { words } from "./i18n.js";
import { closeSheet, isOpen, isSheet, openSheet } from "./layers.js";
import { Library } from "./library.js";
import { problemNode } from "./problem.js";
import { scope } from "./scope.js";
import { turnOf } from "./talk.js";

let hooks = {};
const state = { place: null, turn: null, drawing: 0, library: null };

/** `hooks`: add(), feeds(), ask(question, article), scope(article), changed(). */
export function startSource(given) {
  hooks = given;
  const { add, feeds } = given;
  state.library = new Library({ open: (place) => openSource(place), add, feeds });
  addEventListener("popstate", () => {
    state.place = placeInAddress();
    state.turn = turnOf(history.state?.turn);
    const open = Boolean(state.place || history.state?.reader);
    if (open) openSheet("reader");
    else closeSheet("reader");
    draw({ focus: open });
  });
  state.place = placeInAddress();
  if (state.place) openSheet("reader");
  draw({ focus: Boolean(state.place) });
}

/** Everything anew, in the present language. */
export function renderSource() {
  state.library.render();
  draw({ focus: false });
}

/** The list as the server has it now. */
export function refreshLibrary() {
  return state.library.refresh();
}

/** Shows a place because somebody asked for it; `turn` is whose source it is. */
export function openSource(place, turn = null) {
  go(pick(place), turn, deepLink(place));
}

export function openList() {
  go(null, null, "/");
}

/** Shows the first source of a fresh answer, where that takes nothing from the reader. */
export function preview(turn) {
  // Of an abstention the nearest sentence.
  const first = turn.citations[0] ?? turn.answer?.nearest?.[0];
  if (!first || isSheet("reader") || $("reader").contains(document.activeElement)) return;
  state.place = pick(first);
  state.turn = turn;
  draw({ focus: false });
}

export function closeSource() {
  closeSheet("reader");
  if (isSheet("reader") && location.pathname !== "/") history.replaceState(null, "", "/");
}

function go(place, turn, address) {
  Object.assign(state, { place, turn });
  history.pushState({ reader: true, turn: turn?.key ?? null }, "", address);
  openSheet("reader");
  draw({ focus: true });
}

const pick = ({ article_id, version, start, end }) => ({ article_id, version, start, end });

async function draw({ focus }) {
  const mine = ++state.drawing;
  const { place, turn } = state;
  let view = { node: state.library.node, marks: [] };
  let title = null;
  if (place) {
    try {
      const article = await api.article(place.article_id, place.version);
      title = article.title;
      view = articleView(article, place, turn, { open: openSource, back: backToClaim, ...tools(article) });
    } catch (error) {
      view = { node: problemNode(error, () => draw({ focus: true })), marks: [] };
    }
  }
  if (mine !== state.drawing) return; // another source was opened meanwhile
  $("reader").replaceChildren(head(place, turn, title), view.node);
  markActive(place);
  $("reader").scrollTop = 0;
  const mark = view.marks[0];
  if (mark) {
    mark.tabIndex = -1;
    mark.scrollIntoView({ block: "center" });
    if (focus) announce(words().marked(view.quote));
  }
  if (focus) (mark ?? $("reader")).focus({ preventScroll: true });
}

/** What can be done with an article. */
function tools(article) {
  const leave = () => {
    if (isSheet("reader") && isOpen("reader")) closeSource();
  };
  return {
    summarize: () => {
      leave();
      hooks.ask(words().summarize[article.language === "ko" ? "ko" : "en"], article);
    },
    only: () => {
      leave();
      hooks.scope(article);
      $("question").focus();
    },
    correct: () => correct(article, (now) => {
      if (scope()?.id === now.id) hooks.scope(now);
      hooks.changed();
      openSource({ article_id: now.id, version: now.version });
    }),
    remove: () => removeArticle(article, () => {
      if (scope()?.id === article.id) hooks.scope(null);
      hooks.changed();
      openList();
    }, (problem) => $("reader").querySelector(".article-tools").after(problem)),
  };
}

/** Where one is, and the ways on and out. */
function head(place, turn, title) {
  const close = iconButton("close", words().close, closeSource, { class: "icon-button close" });
  if (!place) return el("div", { class: "pane-head list" }, close);
  const back = el(
    "button",
    { type: "button", class: "tool", onclick: openList },
    icon("back"),
    words().toList,
  );
  const running = el("span", { class: "running-title", "aria-hidden": "true" }, title);
  return el("div", { class: "pane-head" }, back, running, stepper(place, turn), close);
}

/** From one source of the answer to the next, wherever it stands. */
function stepper(place, turn) {
  const sources = [...new Map((turn?.citations ?? []).map((one) => [one.marker, one])).values()];
  const at = sources.findIndex((one) => deepLink(one) === deepLink(place));
  if (sources.length < 2 || at < 0) return null;
  const step = (name, to) =>
    iconButton(name, words()[name], () => openSource(sources[to], turn), {
      disabled: !(to in sources),
    });
  return el(
    "span",
    { class: "stepper" },
    step("previous", at - 1),
    el("span", {}, words().stepper(at + 1, sources.length)),
    step("next", at + 1),
  );
}

/** The sentence of the answer that a mark belongs to. */
function backToClaim(token) {
  const marker = $("turns").querySelector(`.marker[data-cites="${CSS.escape(token)}"]`);
  if (!marker) return;
  if (isSheet("reader") && isOpen("reader")) closeSource();
  marker.scrollIntoView({ block: "center", behavior: motion() });
  marker.focus({ preventScroll: true });
}

function markActive(place) {
  for (const node of document.querySelectorAll(".sources a.source")) {
    const active = place !== null && node.getAttribute("href") === deepLink(place);
    node.classList.toggle("active", active);
  }
}

function placeInAddress() {
  const path = /^\/articles\/(.+)$/.exec(location.pathname);
  if (!path) return null;
  const query = new URLSearchParams(location.search);
  const number = (name) => (/^\d+$/.test(query.get(name) ?? "") ? Number(query.get(name)) : null);
  return {
    article_id: decoded(path[1]),
    version: number("version"),
    start: number("start"),
    end: number("end"),
  };
}

/** An address may hold a lone per cent sign; it then names no article, and that is said. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
