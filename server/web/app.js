// Puts the parts of the page together.

import { $ } from "./dom.js";
import { switchLanguage, translate, words } from "./i18n.js";
import { openIngest, startIngest } from "./ingest.js";
import { onKey, startAccess } from "./key.js";
import { closeSheet, isSheet, openSheet, startLayers } from "./layers.js";
import { startLinks } from "./links.js";
import { markCurrent, renderRail, startRail } from "./rail.js";
import {
  closeSource,
  openList,
  openSource,
  preview,
  refreshLibrary,
  renderSource,
  startSource,
} from "./source.js";
import {
  ask,
  conversationId,
  newConversation,
  openConversation,
  openShared,
  refreshWelcome,
  renderTalk,
  resume,
  startTalk,
} from "./talk.js";
import { openFeeds } from "./feeds.js";
import { renderScope, setScope } from "./scope.js";
import { renderTheme, themeSwitch } from "./theme.js";

function renderFrame() {
  translate(document);
  renderScope();
  $("language").textContent = words().otherLanguage;
  $("language").setAttribute("aria-label", words().otherLanguageLabel);
  $("language").lang = document.documentElement.lang === "ko" ? "en" : "ko";
  renderTheme($("theme"));
}

function changeLanguage() {
  switchLanguage();
  renderFrame();
  renderTalk();
  renderRail();
  renderSource();
}

function listen() {
  $("new-conversation").addEventListener("click", () => {
    closeSheet("rail");
    newConversation();
  });
  $("show-articles").addEventListener("click", openList);
  $("language").addEventListener("click", changeLanguage);
  $("open-rail").addEventListener("click", () => {
    openSheet("rail");
    $("new-conversation").focus();
  });
  $("close-rail").addEventListener("click", () => closeSheet("rail"));
  themeSwitch($("theme"));
}

async function start() {
  startAccess();
  renderFrame();
  listen();
  startLinks();
  startLayers((name) => (name === "reader" ? closeSource() : closeSheet(name)));
  startTalk({
    open: openSource,
    addArticles: openIngest,
    answered: preview,
    changed: () => {
      markCurrent();
      if (conversationId()) renderRail();
    },
  });
  startRail({
    current: conversationId,
    open: async (id) => {
      closeSheet("rail");
      await openConversation(id);
      if (!isSheet("rail")) $("question").focus();
    },
    gone: (id) => {
      if (id === conversationId()) newConversation();
    },
  });
  startIngest({ open: openSource, changed: articlesChanged });
  onKey(() => {
    renderRail();
    renderSource();
    refreshWelcome();
  });
  startSource({
    add: openIngest,
    feeds: () => openFeeds(articlesChanged),
    ask,
    scope: setScope,
    changed: articlesChanged,
  });
  renderRail();
  const shared = /^\/shared\/([\w-]+)$/.exec(location.pathname);
  if (shared) await openShared(shared[1]);
  else await resume();
}

function articlesChanged() {
  refreshLibrary();
  refreshWelcome();
}

/** A keyboard is at hand: one can type at once. On a touch screen the keyboard would cover all. */
function focusQuestion() {
  const idle = document.activeElement === document.body && !document.querySelector("dialog[open]");
  if (idle && !matchMedia("(pointer: coarse)").matches) $("question").focus({ preventScroll: true });
}

start().then(focusQuestion);
