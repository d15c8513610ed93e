// The conversations of the past: find, open, rename, keep as a file, delete.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { confirm, openDialog } from "./dialogs.js";
import { $, button, el, iconButton } from "./dom.js";
import { shownMoment, words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { langOf } from "./text.js";

const PAGE = 40;
const PAUSE = 250; // milliseconds without a key stroke

let hooks = {};
let shown = PAGE;
let drawing = 0;

/** `hooks`: open(id), gone(id), current(). */
export function startRail(given) {
  hooks = given;
  let timer = null;
  $("find-conversation").addEventListener("input", () => {
    clearTimeout(timer);
    shown = PAGE;
    timer = setTimeout(renderRail, PAUSE);
  });
}

/** The list as the server has it now. */
export async function renderRail() {
  const mine = ++drawing;
  const asked = $("find-conversation").value.trim();
  let content;
  try {
    const rows = await api.conversations(0, shown + 1, asked);
    content = list(rows, asked);
  } catch (error) {
    content = [problemNode(error, renderRail)];
  }
  if (mine === drawing) $("conversations").replaceChildren(...content);
}

/** Marks the conversation that is open. */
export function markCurrent() {
  for (const node of $("conversations").querySelectorAll(".conversation")) {
    if (node.dataset.id === hooks.current()) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  }
}

function list(rows, asked) {
  if (!rows.length) {
    const text = asked ? words().noConversationFound : words().noConversations;
    return [el("p", { class: "quiet", role: "status" }, text)];
  }
  const items = rows.slice(0, shown).map(item);
  const more = button(words().more, () => {
    shown += PAGE;
    renderRail();
  }, { class: "button more" });
  return [el("ul", {}, items), ...(rows.length > shown ? [more] : [])];
}

function item(row) {
  const name = row.title ?? row.first_question;
  const acts = { Delete: () => remove(row.id, name), F2: () => rename(row.id, name) };
  // One stop of the Tab key for each conversation; arrows lead to its tools.
  const tool = (picture, label, labelFor, act) =>
    iconButton(picture, label, act, { "aria-label": labelFor(name), tabindex: -1 });
  return el(
    "li",
    { onkeydown: (event) => steer(event, acts) },
    el(
      "button",
      {
        type: "button",
        class: "conversation",
        "data-id": row.id,
        "aria-current": row.id === hooks.current() ? "true" : null,
        "aria-keyshortcuts": "ArrowRight F2 Delete",
        onclick: () => hooks.open(row.id),
      },
      el("span", { class: "conversation-title", lang: langOf(name) }, name),
      el("span", { class: "origin" }, shownMoment(row.updated_at)),
    ),
    el(
      "span",
      { class: "conversation-tools" },
      tool("download", words().export, words().exportLabel, () => keep(row.id)),
      tool("edit", words().rename, words().renameLabel, acts.F2),
      tool("trash", words().delete, words().deleteLabel, acts.Delete),
    ),
  );
}

/** Arrow keys within a conversation and between conversations. */
function steer(event, acts) {
  const row = event.currentTarget;
  if (Object.hasOwn(acts, event.key)) {
    event.preventDefault();
    acts[event.key]();
    return;
  }
  const across = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const down = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!across && !down) return;
  event.preventDefault();
  const stops = [...row.querySelectorAll("button")];
  const next = across
    ? stops[stops.indexOf(document.activeElement) + across]
    : row[down]?.querySelector(".conversation");
  next?.focus();
}

async function keep(id) {
  try {
    // Fetched and not linked to: a link could not carry the API key.
    const address = URL.createObjectURL(await api.transcript(id));
    el("a", { href: address, download: `${id.replaceAll(":", "_")}.md` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    $("conversations").prepend(problemNode(error, () => renderRail().then(() => keep(id))));
  }
}

function rename(id, name) {
  const field = el("input", {
    id: "conversation-name",
    type: "text",
    value: name.slice(0, 200),
    maxlength: 200,
    autocomplete: "off",
    autofocus: true,
  });
  const wrong = el("div");
  const send = async (event) => {
    event?.preventDefault();
    try {
      await api.rename(id, field.value.trim() || null);
    } catch (error) {
      wrong.replaceChildren(problemNode(error, () => send()));
      return;
    }
    dialog.close();
    announce(words().renamed);
    await renderRail();
    focusOn(id);
  };
  const form = el(
    "form",
    { class: "stack", onsubmit: send },
    el("label", { for: "conversation-name" }, words().conversationName),
    field,
    wrong,
    el(
      "div",
      { class: "dialog-foot" },
      button(words().cancel, () => dialog.close(), { class: "button" }),
      el("button", { type: "submit", class: "button primary" }, words().save),
    ),
  );
  const dialog = openDialog(words().renameTitle, form, { className: "narrow" });
  field.select();
}

async function remove(id, name) {
  if (!(await confirm(words().deleteTitle, words().deleteText(name), words().delete))) return;
  try {
    await api.forget(id);
  } catch (error) {
    // What somebody else has deleted is deleted.
    if (error.status !== 404) {
      $("conversations").prepend(problemNode(error, () => remove(id, name)));
      return;
    }
  }
  announce(words().deleted);
  hooks.gone(id);
  await renderRail();
  focusOn(null);
}

/** Focuses a conversation of the list, else the first, else the button for a new one. */
function focusOn(id) {
  const rows = [...$("conversations").querySelectorAll(".conversation")];
  (rows.find((row) => row.dataset.id === id) ?? rows[0] ?? $("new-conversation")).focus();
}
