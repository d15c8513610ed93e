// The conversation: asks, shows what comes, and can be left and taken up again.

import * as api from "./api.js";
import { $, el, icon, motion } from "./dom.js";
import { words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { session } from "./storage.js";
import { Turn } from "./turn.js";

const state = { turns: [], conversation: null, running: null, problem: null };
let actions = {};
let changed = () => {};
let answered = () => {};

/** `hooks`: open(citation, turn), addArticles(), changed(conversation id), answered(turn). */
export function startTalk(hooks) {
  actions = { ...hooks, askAgain, rephrase };
  ({ changed, answered } = hooks);
  $("composer").addEventListener("submit", submit);
  $("question").addEventListener("keydown", (event) => {
    // While a Hangul syllable is being composed, Enter belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!state.running) $("composer").requestSubmit();
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
  $("turns").replaceChildren(...(nodes.length ? nodes : [welcome()]));
}

function welcome() {
  return el(
    "div",
    { class: "welcome" },
    el("h2", {}, words().welcome),
    el("p", {}, words().welcomeText),
  );
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
  const turn = new Turn(question, actions);
  if (state.problem) newConversation();
  state.turns.push(turn);
  if (state.turns.length === 1) $("turns").replaceChildren();
  $("turns").append(turn.node);
  run(turn);
}

function askAgain(turn) {
  if (state.running) return;
  turn.answer = null;
  turn.begin();
  $("question").focus();
  run(turn);
}

function rephrase(question) {
  $("question").value = question;
  $("question").focus();
  $("question").select();
}

async function run(turn) {
  const running = new AbortController();
  state.running = running;
  renderSend();
  scrollTo(turn);
  try {
    for await (const { event, data } of api.ask(turn.question, state.conversation, running.signal)) {
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
  Object.assign(state, { turns: [], conversation: null, running: null, problem: null });
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
