// Adding articles: files dropped or chosen, a text, an address; each tells what became of it.

import { announce } from "./announce.js";
import * as api from "./api.js";
import { openDialog } from "./dialogs.js";
import { $, button, deepLink, el, icon, plainClick } from "./dom.js";
import { words } from "./i18n.js";
import { problemDetail, problemText } from "./problem.js";
import { fileName, sendFile, textName } from "./upload.js";

const SHOWN_FAILURES = 5;

let hooks = {};
let dialog = null;
let jobs = [];
let running = null;

/** `hooks`: changed() after articles came in, open(place). */
export function startIngest(given) {
  hooks = given;
  dropZone(document.documentElement);
}

export function openIngest() {
  if (dialog) return;
  jobs = jobs.filter((job) => !job.over);
  const list = el("ul", { class: "jobs" }, jobs.map((job) => job.node));
  dialog = openDialog(words().addArticles, [filesForm(), urlForm(), textForm(), progress(), list], {
    className: "ingest",
    onclose: () => {
      dialog = null;
    },
  });
  renderProgress();
}

// ---- what can be handed in ------------------------------------------------------------------

function filesForm() {
  const chooser = el("input", {
    type: "file",
    multiple: true,
    accept: 
      ".txt,.md,.markdown,.html,.htm,.json,.jsonl,.ndjson,.csv,.tsv,.xlsx,.xml,.rss,.atom,.pdf,.docx," +
      ".hwpx,.hwp,.eml,.mht,.mhtml",
    hidden: true,
    onchange: () => {
      addFiles(chooser.files);
      chooser.value = "";
    },
  });
  return el(
    "div",
    { class: "drop-here" },
    icon("file"),
    el("p", {}, words().dropText),
    button(words().chooseFiles, () => chooser.click(), { class: "button primary", autofocus: true }),
    el("p", { class: "quiet" }, words().fileKinds),
    chooser,
  );
}

function urlForm() {
  const field = el("input", {
    id: "ingest-url",
    type: "url",
    placeholder: words().urlPlaceholder,
    autocomplete: "off",
    oninput: () => field.setCustomValidity(""),
  });
  const take = (event) => {
    event.preventDefault();
    const url = field.value.trim();
    if (!/^https?:\/\/[^/]/i.test(url)) {
      field.setCustomValidity(words().badUrl);
      field.reportValidity();
      return;
    }
    field.value = "";
    add(url, (job, signal) => single(job, api.addUrl(url, signal)));
  };
  return el(
    "form",
    { class: "row", onsubmit: take, novalidate: true },
    el("label", { for: "ingest-url" }, words().url),
    field,
    el("button", { type: "submit", class: "button" }, words().addUrl),
  );
}

function textForm() {
  const field = el("textarea", { id: "ingest-text", rows: 4, placeholder: words().pastePlaceholder });
  const take = (event) => {
    event.preventDefault();
    const text = field.value;
    if (!text.trim()) {
      field.focus();
      return;
    }
    field.value = "";
    const name = textName(text);
    add(name.replace(/\.\w+$/, ""), (job, signal) => single(job, api.addText(text, name, signal)));
  };
  return el(
    "form",
    { class: "row", onsubmit: take },
    el("label", { for: "ingest-text" }, words().paste),
    field,
    el("button", { type: "submit", class: "button" }, words().addText),
  );
}

/** Files may be dropped anywhere on the page. */
function dropZone(root) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (on) => {
    depth = on ? depth : 0;
    $("drop").hidden = !on;
  };
  root.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(true);
  });
  root.addEventListener("dragleave", (event) => {
    if (carriesFiles(event) && --depth <= 0) show(false);
  });
  root.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(false);
    openIngest();
    addFiles(event.dataTransfer.files);
  });
}

function addFiles(files) {
  for (const file of files) {
    add(file.name, async (job, signal) => {
      const name = fileName(file.name);
      if (!name) throw new api.Problem({ code: "unknown_kind" });
      for await (const sum of sendFile(file, name, signal)) job.update(sum);
    });
  }
}

async function single(job, answer) {
  const { status, article, warnings } = await answer;
  const counts = { added: 0, updated: 0, unchanged: 0, failed: 0, [status]: 1 };
  const notes = warnings.map((message) => ({ message }));
  job.update({ done: 1, total: 1, counts, failures: [], warnings: notes, ids: [article.id] });
}

// ---- one after the other --------------------------------------------------------------------

/** One thing that is handed in, and its line in the list. */
class Job {
  constructor(name, work) {
    this.name = name;
    this.work = work;
    this.state = "waiting";
    this.sum = null;
    this.error = null;
    this.node = el("li", { class: "job" });
    this.render();
  }

  get over() {
    return !["waiting", "sending"].includes(this.state);
  }

  /** Whether nothing of it failed. */
  get good() {
    return this.over && this.state !== "failed" && !this.sum?.counts.failed;
  }

  update(sum) {
    this.sum = sum;
    this.render();
  }

  async run(signal) {
    this.state = "sending";
    this.render();
    try {
      await this.work(this, signal);
      const { counts } = this.sum;
      this.state = ["added", "updated", "unchanged"].find((one) => counts[one]) ?? "failed";
    } catch (error) {
      this.state = error.name === "AbortError" ? "stopped" : "failed";
      if (this.state === "failed") this.error = error;
    }
    this.render();
  }

  stop() {
    this.state = "stopped";
    this.render();
  }

  render() {
    const { done, total, counts, failures = [], warnings = [] } = this.sum ?? {};
    const several = total > 1;
    const bar = el("progress", { "aria-label": this.name, max: several ? total : null });
    if (several) bar.value = done;
    const shown = this.over && several ? words().counts(counts) : words().job[this.state];
    this.node.className = `job ${this.state}`;
    this.node.replaceChildren(
      el("span", { class: "job-name" }, this.#name()),
      el("span", { class: "job-state" }, !this.over && several ? words().records(done, total) : shown),
      ...(this.state === "sending" ? [bar] : []),
      ...(this.error ? [this.#problem()] : []),
      ...(failures.length ? [failureList(failures)] : []),
      ...(warnings.length ? [warningList(warnings)] : []),
    );
  }

  #name() {
    const ids = this.sum?.ids ?? [];
    if (ids.length !== 1) return this.name;
    const place = { article_id: ids[0] };
    const open = () => {
      dialog?.close();
      hooks.open(place);
    };
    return el("a", { href: deepLink(place), onclick: plainClick(open) }, this.name);
  }

  #problem() {
    const { error } = this;
    const unreadable = ["NotFoundError", "NotReadableError"].includes(error.name);
    if (unreadable) return el("p", { class: "problem" }, words().unreadableFile);
    if (error.code === "unknown_kind") return el("p", { class: "problem" }, words().unknownKind);
    return el("div", { class: "problem" }, el("p", {}, problemText(error)), problemDetail(error));
  }
}

function failureList(failures) {
  const rows = failures.slice(0, SHOWN_FAILURES).map((one) => {
    const where = one.lines ? `${words().wholeChunk(...one.lines)} · ` : "";
    return el("li", {}, `${where}${problemText(one)} `, el("span", { lang: "en" }, one.error));
  });
  const rest = failures.length - rows.length;
  return el("ul", { class: "failures" }, rows, rest > 0 ? el("li", {}, words().moreFailures(rest)) : null);
}

function warningList(warnings) {
  const rows = warnings
    .slice(0, SHOWN_FAILURES)
    .map((one) => el("li", {}, `${words().warning} `, el("span", { lang: "en" }, one.message)));
  const rest = warnings.length - rows.length;
  return el("ul", { class: "warnings" }, rows, rest > 0 ? el("li", {}, words().moreFailures(rest)) : null);
}

function add(name, work) {
  const job = new Job(name, work);
  jobs.push(job);
  dialog?.querySelector(".jobs").append(job.node);
  job.node.scrollIntoView({ block: "nearest" });
  if (!running) runAll();
}

async function runAll() {
  running = new AbortController();
  const { signal } = running;
  const begun = jobs.length - 1;
  for (let next = begun; next < jobs.length; next++) {
    renderProgress();
    if (signal.aborted) jobs[next].stop();
    else await jobs[next].run(signal);
  }
  running = null;
  renderProgress();
  const done = jobs.slice(begun);
  const good = done.filter((job) => job.good).length;
  announce(words().ingestFinished(good, done.length - good));
  hooks.changed();
}

function progress() {
  return el(
    "div",
    { class: "jobs-head", hidden: true },
    el("h3", {}, words().jobs),
    el("span", { class: "quiet" }),
    button(words().stopJobs, () => running?.abort(), { class: "button" }),
  );
}

function renderProgress() {
  const head = dialog?.querySelector(".jobs-head");
  if (!head) return;
  head.hidden = !jobs.length;
  head.querySelector("span").textContent = words().jobsDone(jobs.filter((job) => job.over).length, jobs.length);
  head.querySelector("button").hidden = !running;
}
