// The conversations of the past: open one, keep one as a file, delete one.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { confirm } from "./dialogs.js";
import { $, button, el, iconButton } from "./dom.js";
import { shownMoment, words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { langOf } from "./text.js";

const PAGE = 40;

let hooks = {};
let shown = PAGE;
let drawing = 0;

/** `hooks`: open(id), deleted(id), current(). */
export function startRail(given) {
  hooks = given;
}

/** The list as the server has it now. */
export async function renderRail() {
  const mine = ++drawing;
  let content;
  try {
    const rows = await api.conversations(0, shown + 1);
    content = list(rows);
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

function list(rows) {
  if (!rows.length) return [el("p", { class: "quiet" }, words().noConversations)];
  const items = rows.slice(0, shown).map(item);
  const more = button(words().more, () => {
    shown += PAGE;
    renderRail();
  }, { class: "button more" });
  return [el("ul", {}, items), ...(rows.length > shown ? [more] : [])];
}

function item(row) {
  const question = row.first_question;
  return el(
    "li",
    {},
    el(
      "button",
      {
        type: "button",
        class: "conversation",
        "data-id": row.id,
        "aria-current": row.id === hooks.current() ? "true" : null,
        onclick: () => hooks.open(row.id),
      },
      el("span", { class: "conversation-title", lang: langOf(question) }, question),
      el("span", { class: "origin" }, shownMoment(row.updated_at)),
    ),
    el(
      "span",
      { class: "conversation-tools" },
      iconButton("download", words().export, () => keep(row.id), {
        "aria-label": words().exportLabel(question),
      }),
      iconButton("trash", words().delete, () => remove(row.id, question), {
        "aria-label": words().deleteLabel(question),
      }),
    ),
  );
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

async function remove(id, question) {
  if (!(await confirm(words().deleteTitle, words().deleteText(question), words().delete))) return;
  try {
    await api.forget(id);
  } catch (error) {
    // What somebody else has deleted is deleted.
    if (error.status !== 404) {
      $("conversations").prepend(problemNode(error, () => remove(id, question)));
      return;
    }
  }
  announce(words().deleted);
  hooks.deleted(id);
  await renderRail();
  ($("conversations").querySelector(".conversation") ?? $("new-conversation")).focus();
}
