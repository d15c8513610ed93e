// What people hear who do not see the page: each verified sentence, and what came of things.

import { $ } from "./dom.js";

const KEPT = 20;

/** Says `text` after what is being said. */
export function announce(text, lang = null) {
  const line = document.createElement("p");
  if (lang) line.lang = lang;
  line.textContent = text;
  const log = $("announcer");
  log.append(line);
  while (log.childElementCount > KEPT) log.firstElementChild.remove();
}
