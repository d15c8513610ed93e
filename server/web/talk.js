// The conversation: asks, shows what comes, and can be left and taken up again.

import * as api from "./api.js";
import { shareAnswer } from "./copy.js";
import { $, el, icon, motion } from "./dom.js";
import { words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { scope, setScope } from "./scope.js";
import { session } from "./storage.js";
import { Turn } from "./turn.js";
import { welcome } from "./welcome.js";

const state = { turns: [], conversation: null, running: null, problem: null, shared: false };
let actions = {};
let changed = () => {};
let answered = () => {};

/** `hooks`: open(place, turn), addArticles(), changed(conversation id), answered(turn). */
export function startTalk(hooks) {
  actions = { ...hooks, askAgain, rephrase, share: (turn) => shareAnswer(turn.answer) };
  ({ changed, answered } = hooks);
  $("composer").addEventListener("submit", submit);
  $("question").addEventListener("keydown", (event) => {
    // While a Hangul syllable is being composed, the keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === "ArrowUp" && !event.target.value && state.turns.length) {
      event.preventDefault();
      rephrase(state.turns.at(-1).question, { select: false });
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    if (!state.running) $("composer").requestSubmit();
  });
  addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, textarea, select, dialog");
    if (event.key !== "/" || busy || event.ctrlKey || event.metaKey || event.altKey) return;
    if ($("talk").inert) return;
    event.preventDefault();
    $("question").focus();
  });
  renderTalk();
}

export const conversationId = () => state.conversation;

/** The turn whose key is in a token or a history entry. */
export const turnOf = (key) => state.turns.find((turn) => turn.key === key) ?? null;

/** Everything anew, in the present language. */
export function renderTalk() {
  for (const turn of state.turns) turn.render();
  renderTurns();
  renderSend();
}

function renderTurns() {
  const nodes = state.turns.map((turn) => turn.node);
  if (state.problem) nodes.push(state.problem());
  if (state.shared && nodes.length && !state.problem) nodes.unshift(el("p", { class: "notice shared" }, words().sharedText));
  const invite = () => welcome({ ask: askAll, open: actions.open, addArticles: actions.addArticles });
  $("turns").replaceChildren(...(nodes.length ? nodes : [invite()]));
}

/** Shows the newest articles and example questions as they are now. */
export function refreshWelcome() {
  if (!state.turns.length && !state.problem) renderTurns();
}

function renderSend() {
  const label = state.running ? words().stop : words().ask;
  $("send").replaceChildren(icon(state.running ? "stop" : "send"));
  $("send").setAttribute("aria-label", label);
  $("send").title = label;
  $("send").classList.toggle("stop", Boolean(state.running));
}

function submit(event) {
  event.preventDefault();
  if (state.running) {
    state.running.abort();
    return;
  }
  const question = $("question").value.trim();
  $("question").focus();
  if (!question) return;
  $("question").value = "";
  ask(question);
}

/** Asks `question`; `about` is the only article to answer from. */
export function ask(question, about = scope()) {
  if (state.running) return;
  if (state.problem || state.shared) newConversation();
  const turn = new Turn(question, actions, about);
  state.turns.push(turn);
  if (state.turns.length === 1) $("turns").replaceChildren();
  $("turns").append(turn.node);
  run(turn);
}

/** Asks an example question: the article that it was made from may not be the chosen one. */
function askAll(question) {
  if (scope()) setScope(null);
  ask(question);
}

function askAgain(turn) {
  if (state.running) return;
  turn.answer = null;
  turn.begin();
  $("question").focus();
  run(turn);
}

function rephrase(question, { select = true } = {}) {
  $("question").value = question;
  $("question").focus();
  if (select) $("question").select();
  else $("question").setSelectionRange(question.length, question.length);
}

async function run(turn) {
  const running = new AbortController();
  state.running = running;
  renderSend();
  scrollTo(turn);
  try {
    for await (const { event, data } of api.ask(
      turn.question,
      state.conversation,
      turn.scope?.id,
      running.signal,
    )) {
      turn.receive(event, data);
    }
  } catch (error) {
    turn.fail(error);
  }
  // A new conversation may have begun meanwhile.
  if (state.running !== running) return;
  state.running = null;
  renderSend();
  scrollTo(turn);
  if (turn.answer) {
    become(turn.answer.conversation_id);
    answered(turn);
  }
}

function scrollTo(turn) {
  turn.node.scrollIntoView({ block: "start", behavior: motion() });
}

function become(id) {
  state.conversation = id;
  session.set("conversation", id);
  changed(id);
}

function leave() {
  state.running?.abort();
  if (state.shared) history.replaceState(null, "", "/");
  Object.assign(state, { turns: [], conversation: null, running: null, problem: null, shared: false });
}

export function newConversation() {
  leave();
  become(null);
  renderTalk();
  $("question").focus();
}

/** Takes up a conversation of the past. */
export async function openConversation(id) {
  leave();
  become(id);
  try {
    const { answers, ratings } = await api.conversation(id);
    if (state.conversation !== id) return; // another was opened meanwhile
    state.turns = answers.map((answer) => {
      const turn = new Turn(answer.question, actions);
      turn.restore(answer, ratings[answer.id]);
      return turn;
    });
  } catch (error) {
    if (state.conversation !== id) return;
    state.problem = () => problemNode(error, () => openConversation(id));
  }
  renderTurns();
  renderSend();
  state.turns.at(-1)?.node.scrollIntoView({ block: "start" });
}

/** Shows the answer that somebody has shared; a question to it begins a conversation. */
export async function openShared(token) {
  leave();
  state.shared = true;
  try {
    const answer = await api.shared(token);
    const turn = new Turn(answer.question, actions);
    turn.restoreShared(answer);
    state.turns = [turn];
    renderTurns();
    answered(turn);
  } catch (error) {
    state.problem = () => problemNode(error, () => openShared(token));
    renderTurns();
  }
}

/** Takes up the conversation of this tab; one that is gone is no news. */
export async function resume() {
  const id = session.get("conversation");
  if (!id) return;
  await openConversation(id);
  if (state.problem && !state.turns.length) {
    leave();
    become(null);
    renderTalk();
  }
}
