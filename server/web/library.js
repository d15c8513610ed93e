// The list of articles: found by words and dates, page by page, always by the server.

import * as api from "./api.js";
import { button, deepLink, el, icon, plainClick } from "./dom.js";
import { shownDate, words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { sourceNodes } from "./text.js";

const PAGE = 50;
const PAUSE = 250; // milliseconds without a key stroke

export class Library {
  /** `hooks`: open(place), add(), feeds(). */
  constructor(hooks) {
    this.hooks = hooks;
    this.asked = { q: "", published_from: "", published_to: "" };
    this.drawing = 0;
    this.node = el("div", { class: "library" });
    this.render();
  }

  /** Everything anew, in the present language. */
  render() {
    this.count = el("p", { class: "count", role: "status" });
    this.results = el("div", { class: "results" });
    this.node.replaceChildren(
      el(
        "div",
        { class: "library-head" },
        el("h2", {}, words().allArticles),
        el(
          "button",
          { type: "button", class: "button", onclick: this.hooks.add },
          icon("plus"),
          words().addArticles,
        ),
        button(words().feeds, this.hooks.feeds, { class: "button" }),
      ),
      this.#form(),
      this.results,
    );
    this.refresh();
  }

  #form() {
    let timer = null;
    const ask = (event) => {
      this.asked[event.target.name] = event.target.value;
      clearTimeout(timer);
      timer = setTimeout(() => this.refresh(), PAUSE);
    };
    const field = (name, type, label, extra = {}) =>
      el("input", {
        name,
        type,
        value: this.asked[name],
        "aria-label": label,
        oninput: ask,
        ...extra,
      });
    const day = (name, label) =>
      el("label", { class: "day" }, el("span", {}, label), field(name, "date", `${words().dates} ${label}`));
    return el(
      "form",
      { class: "finder", role: "search", onsubmit: (event) => event.preventDefault() },
      el(
        "div",
        { class: "words" },
        icon("search"),
        field("q", "search", words().search, { placeholder: words().search, maxlength: 200 }),
      ),
      el("div", { class: "days" }, day("published_from", words().from), day("published_to", words().to)),
      this.count,
    );
  }

  #clear() {
    this.asked = { q: "", published_from: "", published_to: "" };
    this.render();
    this.node.querySelector("input").focus();
  }

  /** The first page, as the server has it now. */
  async refresh() {
    await this.#load(0, null);
  }

  async #load(offset, list) {
    const mine = ++this.drawing;
    try {
      const { articles, total } = await api.articles({ ...this.asked, limit: PAGE, offset });
      if (mine !== this.drawing) return; // another question was asked meanwhile
      this.#show(articles, total, offset, list);
    } catch (error) {
      if (mine !== this.drawing) return;
      this.results.replaceChildren(problemNode(error, () => this.refresh()));
    }
  }

  #show(articles, total, offset, list) {
    const filtered = Object.values(this.asked).some(Boolean);
    this.count.textContent = total || filtered ? words().found(total) : "";
    if (!total) {
      const text = el("p", { class: "quiet" }, filtered ? words().nothingFound : words().noArticles);
      const clear = button(words().clear, () => this.#clear(), { class: "button" });
      this.results.replaceChildren(text, ...(filtered ? [clear] : []));
      return;
    }
    const items = articles.map((one) => this.#item(one));
    const shown = offset + articles.length;
    const into = list ?? el("ul");
    into.append(...items);
    const more = button(words().more, () => this.#load(shown, into), { class: "button more" });
    this.results.replaceChildren(into, ...(shown < total ? [more] : []));
    if (list) items[0]?.querySelector("a").focus();
  }

  #item(one) {
    const date = shownDate(one.published_at) ?? words().undated;
    const facts = [one.publisher, one.author, date].filter(Boolean).join(" · ");
    const place = { article_id: one.id, version: one.version };
    const onclick = plainClick(() => this.hooks.open(place));
    return el(
      "li",
      {},
      el(
        "a",
        { class: "article-link", href: deepLink(place), onclick },
        el("span", { class: "article-title", lang: one.language }, sourceNodes(one.title)),
        el("span", { class: "origin" }, sourceNodes(facts)),
      ),
    );
  }
}
