// The API key: asked for when the server wants one, kept for this tab only, sent as Bearer.

import { useAccess } from "./api.js";
import { openDialog } from "./dialogs.js";
import { el } from "./dom.js";
import { words } from "./i18n.js";
import { session } from "./storage.js";

let current = session.get("key");
let asking = null;
const listeners = [];

export function startAccess() {
  useAccess({ key: () => current, renew });
}

/** Calls `listener` after a key was given. */
export function onKey(listener) {
  listeners.push(listener);
}

/** Asks for a key although there may be one; resolves with it, or null if none is given. */
export function askForKey() {
  // Several requests may be refused at once; people are asked once.
  asking ??= prompt().finally(() => {
    asking = null;
  });
  return asking;
}

async function renew(refused) {
  // Another request may have asked meanwhile.
  if (current && current !== refused) return current;
  return askForKey();
}

function prompt() {
  return new Promise((resolve) => {
    const field = el("input", {
      id: "api-key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      autofocus: true,
    });
    let given = null;
    const take = (event) => {
      event.preventDefault();
      given = field.value.trim();
      if (!given) return;
      current = given;
      session.set("key", given);
      dialog.close();
    };
    const content = el(
      "form",
      { class: "stack", onsubmit: take },
      el("p", {}, current ? words().keyWrong : words().keyText),
      el("label", { for: "api-key" }, words().key),
      field,
      el(
        "div",
        { class: "dialog-foot" },
        el("button", { type: "submit", class: "button primary" }, words().keySend),
      ),
    );
    const onclose = () => {
      resolve(given || null);
      if (given) for (const listener of listeners) listener();
    };
    const dialog = openDialog(words().keyTitle, content, { className: "narrow", onclose });
  });
}
