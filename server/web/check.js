// The page that checks a text: the text with quiet marks on the left, what the articles say of
// each statement on the right.

import { announce } from "./announce.js";
import * as api from "./api.js";
import WORDS from "./check.words.js";
import { $, deepLink, el } from "./dom.js";
import { language, switchLanguage, words } from "./i18n.js";
import { startAccess } from "./key.js";
import { problemNode } from "./problem.js";
import { CodePoints, langOf, sourceNodes } from "./text.js";
import { renderTheme, themeSwitch } from "./theme.js";

const SIGNS = { supported: "✓", contradicted: "✗", not_found: "?", not_a_claim: "–" };
const MAX_FILE = 2_000_000;

const state = { claims: [], result: null, total: 0, done: 0, stopping: null, status: "empty" };

const say = () => WORDS[language()];

function render() {
  document.documentElement.lang = language();
  document.title = say().title;
  for (const node of document.querySelectorAll("[data-check]")) {
    node.textContent = say()[node.dataset.check];
  }
  for (const node of document.querySelectorAll("[data-check-label]")) {
    node.setAttribute("aria-label", say()[node.dataset.checkLabel]);
  }
  $("language").textContent = words().otherLanguage;
  $("language").setAttribute("aria-label", words().otherLanguageLabel);
  $("language").lang = language() === "ko" ? "en" : "ko";
  renderTheme($("theme"));
  renderStatus();
  $("claims").replaceChildren(...state.claims.map(card));
  if (state.result) renderText();
}

function renderStatus() {
  const lines = {
    empty: () => say().empty,
    running: () => say().running(state.done, state.total),
    stopped: () => say().stopped,
    failed: () => "",
    done: () => say().finished(state.result.counts),
  };
  $("check-status").textContent = lines[state.status]();
  const progress = $("check-progress");
  progress.hidden = state.status !== "running";
  progress.max = Math.max(1, state.total);
  progress.value = state.done;
  $("check-stop").hidden = state.status !== "running";
  for (const name of ["check-html", "check-markdown"]) $(name).hidden = state.status !== "done";
}

function label(claim) {
  const more = [
    claim.support_kind && say().kinds[claim.support_kind],
    claim.why && say().why[claim.why],
    claim.disputed && say().disputed,
  ].filter(Boolean);
  return say().verdicts[claim.verdict] + (more.length ? ` (${more.join(", ")})` : "");
}

/** The text with each statement as a link to what was found about it. */
function renderText() {
  const text = new CodePoints(state.result.text);
  const nodes = [];
  let at = 0;
  for (const claim of state.result.claims) {
    nodes.push(...sourceNodes(text.slice(at, claim.start)));
    nodes.push(
      el(
        "a",
        {
          class: `claim ${claim.verdict}`,
          id: `mark-${claim.number}`,
          href: `#claim-${claim.number}`,
          title: label(claim),
          onclick: (event) => go(event, `claim-${claim.number}`),
        },
        ...sourceNodes(claim.text),
        el("span", { class: "visually-hidden" }, ` (${label(claim)})`),
      ),
    );
    at = claim.end;
  }
  nodes.push(...sourceNodes(text.slice(at, text.length)));
  $("checked").lang = langOf(state.result.text);
  $("checked").replaceChildren(...nodes);
}

function go(event, id) {
  event.preventDefault();
  const target = $(id);
  if (!target) return;
  target.scrollIntoView({ block: "nearest" });
  target.focus();
  for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
  target.classList.add("chosen");
}

function card(claim) {
  return el(
    "li",
    { class: `card ${claim.verdict}`, id: `claim-${claim.number}`, tabindex: "-1", value: claim.number },
    el(
      "p",
      { class: "card-verdict" },
      el("span", { "aria-hidden": "true" }, `${SIGNS[claim.verdict]} `),
      label(claim),
    ),
    el(
      "p",
      { class: "card-text", lang: langOf(claim.text) },
      el(
        "a",
        {
          href: `#mark-${claim.number}`,
          title: say().toText(claim.number),
          onclick: (event) => go(event, `mark-${claim.number}`),
        },
        ...sourceNodes(claim.text),
      ),
    ),
    claim.differences.length ? el("ul", { class: "card-differs" }, ...claim.differences.map(difference)) : null,
    ...claim.sources.map((one) => quote(one, claim.disputed || one.stance === "contradicts" ? say().stances[one.stance] : null)),
    ...claim.nearest.map((one) => quote(one, say().nearest)),
  );
}

function difference(one) {
  return el(
    "li",
    {},
    `${say().differs[one.kind]}: ${say().claimed} `,
    el("del", {}, ...sourceNodes(one.claimed)),
    ` ↔ ${say().found} `,
    el("ins", {}, ...sourceNodes(one.found)),
  );
}

function quote(source, stance) {
  const origin = [source.title, source.publisher, source.published_at?.slice(0, 10)].filter(Boolean);
  return el(
    "blockquote",
    { lang: langOf(source.quote) },
    el("p", {}, ...sourceNodes(source.quote)),
    el(
      "footer",
      {},
      stance ? `${stance} · ` : "",
      ...sourceNodes(origin.join(" · ")),
      " ",
      el("a", { href: deepLink(source), target: "_blank", rel: "noopener" }, say().open),
      source.note ? el("span", {}, ` (${source.note})`) : null,
    ),
  );
}

async function run() {
  const text = $("check-text").value;
  if (!text.trim()) {
    $("check-text").focus();
    return;
  }
  const stopping = new AbortController();
  Object.assign(state, { claims: [], result: null, total: 0, done: 0, stopping, status: "running" });
  $("check-form").hidden = true;
  $("check-result").hidden = false;
  $("check-problem").replaceChildren();
  $("checked").replaceChildren(...sourceNodes(text));
  $("claims").replaceChildren();
  renderStatus();
  $("check-stop").focus();
  try {
    for await (const { event, data } of api.check(text, $("check-date").value, stopping.signal)) {
      take(event, data);
    }
  } catch (error) {
    if (state.stopping !== stopping) return;
    state.status = error.name === "AbortError" ? "stopped" : "failed";
    if (state.status === "failed") $("check-problem").replaceChildren(problemNode(error, run));
    renderStatus();
    if (state.status === "stopped") announce(say().stopped);
  }
}

function take(event, data) {
  if (event === "started") state.total = data.total;
  else if (event === "claim") {
    state.done = data.done;
    state.claims.push(data.claim);
    $("claims").append(card(data.claim));
  } else if (event === "done") {
    state.result = data;
    state.status = "done";
    renderText();
    announce(say().finished(data.counts));
    $("checked").focus();
  }
  renderStatus();
}

function edit() {
  state.stopping?.abort();
  state.stopping = null;
  Object.assign(state, { status: "empty", result: null, claims: [] });
  $("check-form").hidden = false;
  $("check-result").hidden = true;
  $("claims").replaceChildren();
  $("check-problem").replaceChildren();
  renderStatus();
  $("check-text").focus();
}

async function save(type, name) {
  try {
    const blob = await api.checkReport(state.result.text, state.result.date, type);
    const url = URL.createObjectURL(blob);
    el("a", { href: url, download: name }).click();
    URL.revokeObjectURL(url);
  } catch (error) {
    $("check-problem").replaceChildren(problemNode(error, () => save(type, name)));
  }
}

async function readFile(file) {
  const readable = file && file.size <= MAX_FILE && /\.(txt|md|markdown)$/i.test(file.name);
  if (!readable) {
    $("check-status").textContent = say().badFile;
    return;
  }
  $("check-text").value = await file.text();
  $("check-text").focus();
}

function listen() {
  $("check-form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  $("check-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    // Otherwise the key would press the button that has the focus next: stop.
    event.preventDefault();
    run();
  });
  $("check-file").addEventListener("change", (event) => readFile(event.target.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (!file) return;
    edit();
    readFile(file);
  });
  $("check-edit").addEventListener("click", edit);
  $("check-stop").addEventListener("click", () => state.stopping?.abort());
  $("check-html").addEventListener("click", () => save("text/html", "check.html"));
  $("check-markdown").addEventListener("click", () => save("text/markdown", "check.md"));
  $("language").addEventListener("click", () => {
    switchLanguage();
    render();
  });
  themeSwitch($("theme"));
}

startAccess();
listen();
render();
