// Modal dialogs: the browser's own element keeps the focus inside and gives it back.

import { button, el, iconButton } from "./dom.js";
import { words } from "./i18n.js";

let counter = 0;

/** Opens a dialog and returns its element; it is removed when it closes. */
export function openDialog(title, content, { className = "", onclose = null } = {}) {
  const id = `dialog-${++counter}`;
  const dialog = el(
    "dialog",
    { class: `dialog ${className}`, "aria-labelledby": id },
    el(
      "div",
      { class: "dialog-head" },
      el("h2", { id }, title),
      iconButton("close", words().close, () => dialog.close()),
    ),
    content,
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that cannot be undone; the promise tells whether to go on. */
export function confirm(title, text, doIt) {
  return new Promise((resolve) => {
    let agreed = false;
    const decide = (choice) => () => {
      agreed = choice;
      dialog.close();
    };
    const content = [
      el("p", {}, text),
      el(
        "div",
        { class: "dialog-foot" },
        button(words().cancel, decide(false), { class: "button", autofocus: true }),
        button(doIt, decide(true), { class: "button danger" }),
      ),
    ];
    const dialog = openDialog(title, content, { onclose: () => resolve(agreed) });
  });
}
