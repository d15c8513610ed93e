// What went wrong, in the reader's language, and the way out of it.

import { button, el } from "./dom.js";
import { words } from "./i18n.js";
import { askForKey } from "./key.js";

// Asking the same again gives the same: something has to be changed first.
const FINAL = new Set([
  "answer_not_found", "article_not_found", "conversation_not_found", "feed_not_found",
  "fetch_blocked", "invalid_metadata", "invalid_question",
]);

/** One sentence for `error`: by its code, else by its status. */
export function problemText(error) {
  const { errors } = words();
  return errors[error.code] ?? errors[`status_${error.status}`] ?? errors.other;
}

/** The server's own line, in English, for whoever has to look closer. */
export function problemDetail(error) {
  return error.code === "network" || !error.message
    ? null
    : el("p", { class: "problem-detail", lang: "en" }, error.message);
}

/** The sentence, the server's line and the ways out; `retry` tries the same again. */
export function problemNode(error, retry = null) {
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("p", {}, problemText(error)),
    problemDetail(error),
    error.requestId && !FINAL.has(error.code) ? el("p", { class: "problem-id" }, words().requestId(error.requestId)) : null,
    waysOut(error, retry),
  );
}

function waysOut(error, retry) {
  const ways = [];
  if ([401, 403].includes(error.status) && error.code !== "foreign_origin") ways.push(keyButton(retry));
  else if (retry && !FINAL.has(error.code)) ways.push(retryButton(error.retryAfter, retry));
  return ways.length ? el("p", { class: "ways-out" }, ways) : null;
}

function keyButton(retry) {
  const enter = async () => {
    if ((await askForKey()) && retry) retry();
  };
  return button(words().enterKey, enter, { class: "button" });
}

/** A button that waits as long as the server asked for. */
function retryButton(seconds, retry) {
  const node = button(words().retry, retry, { class: "button" });
  let left = seconds ?? 0;
  const tick = () => {
    node.disabled = left > 0;
    node.textContent = left > 0 ? words().retryIn(left) : words().retry;
    if (left-- > 0) setTimeout(tick, 1000);
  };
  tick();
  return node;
}
