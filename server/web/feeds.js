// Feeds as sources of articles: add, read now, remove.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { confirm, openDialog } from "./dialogs.js";
import { button, el, iconButton } from "./dom.js";
import { shownMoment, words } from "./i18n.js";
import { problemNode, problemText } from "./problem.js";

let dialog = null;
let changed = () => {};
const pulling = new Set();
const outcomes = new Map();

/** Opens the dialog; `onchange()` is called after articles came in. */
export function openFeeds(onchange) {
  if (dialog) return;
  changed = onchange;
  const list = el("div", { class: "feeds" }, el("p", { class: "quiet" }, words().loading));
  dialog = openDialog(words().feeds, [el("p", { class: "quiet" }, words().feedsText), form(), list], {
    className: "feed-dialog",
    onclose: () => {
      dialog = null;
      outcomes.clear();
    },
  });
  refresh();
}

function form() {
  const field = el("input", {
    id: "feed-url",
    type: "url",
    placeholder: words().urlPlaceholder,
    autocomplete: "off",
    maxlength: 2000,
    autofocus: true,
    oninput: () => field.setCustomValidity(""),
  });
  const wrong = el("div");
  const take = async (event) => {
    event?.preventDefault();
    const url = field.value.trim();
    if (!/^https?:\/\/[^/]/i.test(url)) {
      field.setCustomValidity(words().badUrl);
      field.reportValidity();
      return;
    }
    try {
      await api.addFeed(url);
    } catch (error) {
      wrong.replaceChildren(problemNode(error, () => take()));
      return;
    }
    wrong.replaceChildren();
    field.value = "";
    await refresh();
    pull(url);
  };
  return el(
    "form",
    { class: "row", onsubmit: take, novalidate: true },
    el("label", { for: "feed-url" }, words().feedUrl),
    field,
    el("button", { type: "submit", class: "button" }, words().addFeed),
    wrong,
  );
}

async function refresh() {
  let content;
  try {
    const feeds = await api.feeds();
    content = feeds.length
      ? el("ul", { class: "jobs" }, feeds.map(item))
      : el("p", { class: "quiet" }, words().noFeeds);
  } catch (error) {
    content = problemNode(error, refresh);
  }
  dialog?.querySelector(".feeds").replaceChildren(content);
}

function item(feed) {
  const busy = pulling.has(feed.url);
  const state = busy
    ? words().pulling
    : outcomes.get(feed.url) ?? (feed.pulled_at ? words().pulledAt(shownMoment(feed.pulled_at)) : words().neverPulled);
  const name = feed.title ?? feed.url;
  return el(
    "li",
    { class: "job feed" },
    el("span", { class: "job-name" }, name),
    el(
      "span",
      { class: "feed-tools" },
      button(words().pull, () => pull(feed.url), {
        class: "button",
        disabled: busy,
        "aria-label": words().pullLabel(name),
      }),
      iconButton("trash", words().removeFeedLabel(name), () => remove(feed), { title: words().delete }),
    ),
    el("span", { class: "job-state" }, feed.title ? `${feed.url} · ` : "", state),
    feed.error && !busy ? el("p", { class: "problem" }, words().feedFailed(feed.failures)) : null,
    feed.error && !busy ? el("p", { class: "problem-detail", lang: "en" }, feed.error) : null,
  );
}

async function pull(url) {
  if (pulling.has(url)) return;
  pulling.add(url);
  refresh();
  try {
    const outcome = await api.pullFeed(url);
    outcomes.set(url, words().pulled(outcome));
    if (outcome.added || outcome.updated) changed();
  } catch (error) {
    outcomes.set(url, problemText(error));
  }
  pulling.delete(url);
  if (outcomes.has(url)) announce(outcomes.get(url));
  refresh();
}

async function remove(feed) {
  if (!(await confirm(words().removeFeedTitle, words().removeFeedText(feed.title ?? feed.url), words().delete))) return;
  try {
    await api.removeFeed(feed.url);
  } catch (error) {
    if (error.status !== 404) {
      dialog?.querySelector(".feeds").prepend(problemNode(error, () => remove(feed)));
      return;
    }
  }
  refresh();
}
