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
  conversationId,
  newConversation,
  openConversation,
  renderTalk,
  resume,
  startTalk,
} from "./talk.js";
import { renderTheme, themeSwitch } from "./theme.js";

function renderFrame() {
  translate(document);
  $("question").placeholder = words().placeholder;
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
    deleted: (id) => {
      if (id === conversationId()) newConversation();
    },
  });
  startIngest({ open: openSource, changed: refreshLibrary });
  onKey(() => {
    renderRail();
    renderSource();
  });
  startSource({ add: openIngest });
  renderRail();
  await resume();
}

start();
