// The page: asks, shows answers as they are verified, and opens their sources.

import { abstention, answerText, sources } from "./answer.js";
import * as api from "./api.js";
import { language, recall, remember, switchLanguage, words } from "./i18n.js";
import { articleList, articleView, problemNode } from "./reader.js";
import { deepLink, el } from "./text.js";

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const phone = matchMedia("(max-width: 860px)");

/** What is on the page: turns of {question, answer?, partial?, error?, stage?, stopped?}. */
const state = { turns: [], conversation: null, place: null, running: null, opener: null };

// ---- the conversation ---------------------------------------------------------------------

function renderTurns() {
  const nodes = state.turns.length ? state.turns.map(turnNode) : [welcome()];
  $("turns").replaceChildren(...nodes);
}

function welcome() {
  return el(
    "div",
    { class: "welcome" },
    el("h1", {}, words().welcome),
    el("p", {}, words().welcomeText),
  );
}

function turnNode(turn) {
  const shown = turn.answer ?? turn.partial;
  const abstained = shown?.status === "abstained";
  const card = el("div", {
    class: `answer${abstained ? " abstained" : ""}`,
    "aria-busy": turn.stage ? "true" : "false",
  });
  if (abstained) card.append(...abstention(shown, openSource).filter(Boolean));
  else if (shown?.text) card.append(answerText(shown, openSource));
  if (turn.stage) card.append(el("p", { class: "stage" }, words()[turn.stage]));
  if (turn.stopped) card.append(el("p", { class: "quiet" }, words().stopped));
  if (turn.error) card.append(problemNode(turn.error));
  const list = shown?.citations.length ? sources(shown, openSource) : null;
  if (list) card.append(list);
  if (turn.answer) card.append(footer(turn));
  return el(
    "article",
    { class: "turn" },
    el("h2", { class: "question" }, turn.question),
    card,
  );
}

function footer(turn) {
  const { id, backend, timings_ms: timings } = turn.answer;
  const vote = (rating, sign, label) =>
    el(
      "button",
      {
        type: "button",
        class: "vote",
        "aria-label": label,
        title: label,
        "aria-pressed": turn.rating === rating ? "true" : "false",
        onclick: () => rate(turn, id, rating),
      },
      sign,
    );
  return el(
    "footer",
    { class: "answer-foot" },
    el("span", {}, words().answeredIn(backend, Math.round(timings.total))),
    vote("up", "↑", words().helpful),
    vote("down", "↓", words().unhelpful),
  );
}

async function rate(turn, id, rating) {
  try {
    await api.feedback(id, rating);
    turn.rating = rating;
    announce(words().thanks);
  } catch (error) {
    turn.error = error;
  }
  renderTurns();
}

async function ask(question) {
  state.running?.abort();
  const running = new AbortController();
  state.running = running;
  const turn = { question, stage: "searching", partial: null };
  state.turns.push(turn);
  refresh(turn, { scroll: true });
  try {
    for await (const { event, data } of api.ask(question, state.conversation, running.signal)) {
      receive(turn, event, data);
      refresh(turn, {});
    }
  } catch (error) {
    if (error.name === "AbortError") turn.stopped = true;
    else turn.error = error;
  }
  turn.stage = null;
  if (state.running === running) state.running = null;
  refresh(turn, { scroll: true });
}

function receive(turn, event, data) {
  turn.partial ??= { text: "", citations: [], passages: [], language: language() };
  if (event === "passages") {
    turn.partial.passages = data;
    turn.stage = "verifying";
  } else if (event === "delta") {
    turn.partial.text += data.text;
  } else if (event === "citation") {
    turn.partial.citations.push(data);
  } else if (event === "done") {
    turn.answer = data;
    turn.stage = null;
    state.conversation = data.conversation_id;
    if (data.conversation_id) sessionStorage.setItem("geungeo.conversation", data.conversation_id);
    announce(data.text);
  }
}

function refresh(turn, { scroll = false }) {
  renderTurns();
  renderComposer();
  if (scroll) {
    const node = $("turns").children[state.turns.indexOf(turn)];
    node?.scrollIntoView({ block: "start", behavior: motion() });
  }
}

async function restore() {
  const id = sessionStorage.getItem("geungeo.conversation");
  if (!id) return;
  try {
    const answers = await api.conversation(id);
    state.turns = answers.map((answer) => ({ question: answer.question, answer }));
    state.conversation = id;
  } catch {
    sessionStorage.removeItem("geungeo.conversation");
  }
}

function newConversation() {
  state.running?.abort();
  state.running = null;
  state.turns = [];
  state.conversation = null;
  sessionStorage.removeItem("geungeo.conversation");
  renderTurns();
  renderComposer();
  $("question").focus();
}

// ---- the source ---------------------------------------------------------------------------

function openSource(place) {
  state.opener = document.activeElement;
  state.place = pick(place);
  history.pushState({ place: state.place, reader: true }, "", deepLink(state.place));
  renderReader({ open: true });
}

function openList() {
  state.opener = document.activeElement;
  state.place = null;
  history.pushState({ place: null, reader: true }, "", "/");
  renderReader({ open: true });
}

function closeReader() {
  $("reader").classList.remove("open");
  document.body.classList.remove("reading");
  if (location.pathname !== "/") history.replaceState({ place: null }, "", "/");
  if (state.opener?.isConnected) state.opener.focus();
  else $("question").focus();
}

const pick = ({ article_id, version, start, end }) => ({ article_id, version, start, end });

let drawing = 0;

async function renderReader({ open = false } = {}) {
  const mine = ++drawing;
  const reader = $("reader");
  const place = state.place;
  let view = null;
  let content;
  try {
    if (place) {
      view = await articleView(place);
      content = view.node;
    } else {
      content = await articleList(openSource);
    }
  } catch (error) {
    content = problemNode(error);
  }
  if (mine !== drawing) return; // another source was opened meanwhile
  const close = el(
    "button",
    { type: "button", class: "close tool", onclick: closeReader },
    words().close,
  );
  reader.replaceChildren(close, content);
  if (open) {
    reader.classList.add("open");
    document.body.classList.toggle("reading", phone.matches);
  }
  markActive(place);
  const mark = view?.marks[0];
  if (mark) {
    mark.tabIndex = -1;
    mark.scrollIntoView({ block: "center", behavior: motion() });
    if (open) mark.focus({ preventScroll: true });
    announce(words().marked(view.quote));
  } else {
    reader.scrollTop = 0;
    if (open) reader.focus({ preventScroll: true });
  }
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
    article_id: decodeURIComponent(path[1]),
    version: number("version"),
    start: number("start"),
    end: number("end"),
  };
}

// ---- the frame ----------------------------------------------------------------------------

function renderFrame() {
  document.documentElement.lang = language();
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = words()[node.dataset.text];
  }
  for (const id of ["reader"]) $(id).setAttribute("aria-label", words().source);
  document.querySelector(".talk").setAttribute("aria-label", words().conversation);
  $("question").placeholder = words().placeholder;
  $("language").textContent = words().otherLanguage;
  $("language").setAttribute("aria-label", words().otherLanguageLabel);
  $("theme").textContent = isDark() ? words().themeLight : words().themeDark;
}

function renderComposer() {
  $("send").textContent = state.running ? words().stop : words().ask;
  $("send").classList.toggle("stop", Boolean(state.running));
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  remember("theme", theme);
  renderFrame();
}

function announce(text) {
  $("announcer").textContent = text;
}

function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
}

function grow() {
  const field = $("question");
  field.rows = Math.min(6, field.value.split("\n").length);
}

function submit(event) {
  event.preventDefault();
  if (state.running) {
    state.running.abort();
    return;
  }
  const question = $("question").value.trim();
  if (!question) {
    $("question").focus();
    return;
  }
  $("question").value = "";
  grow();
  ask(question);
}

async function start() {
  const theme = recall("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  renderFrame();
  renderTurns();
  renderComposer();
  $("composer").addEventListener("submit", submit);
  $("question").addEventListener("input", grow);
  $("question").addEventListener("keydown", (event) => {
    // While a Hangul syllable is being composed, Enter belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!state.running) $("composer").requestSubmit();
  });
  $("new-conversation").addEventListener("click", newConversation);
  $("show-articles").addEventListener("click", openList);
  $("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  $("language").addEventListener("click", () => {
    switchLanguage();
    renderFrame();
    renderTurns();
    renderComposer();
    renderReader();
  });
  dark.addEventListener("change", renderFrame);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && $("reader").classList.contains("open")) closeReader();
  });
  addEventListener("popstate", () => {
    state.place = placeInAddress();
    const open = Boolean(state.place || history.state?.reader);
    $("reader").classList.toggle("open", open);
    document.body.classList.toggle("reading", open && phone.matches);
    renderReader({ open });
  });
  await restore();
  renderTurns();
  state.place = placeInAddress();
  await renderReader({ open: state.place !== null });
}

start();
