// The article pane: the list of articles, or one of them with a span marked.

import * as api from "./api.js";
import { shownDate, words } from "./i18n.js";
import { CodePoints, deepLink, el, safeUrl, sourceNodes } from "./text.js";

const TAGS = { title: "h2", deck: "p", byline: "p", caption: "p", heading: "h3", body: "p" };

export function problemNode(error) {
  const known = words().errors[error.code] ?? words().errors.other;
  const detail = error.code === "network" ? null : error.message;
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("p", {}, known),
    detail ? el("p", { class: "problem-detail" }, detail) : null,
    error.requestId ? el("p", { class: "problem-id" }, error.requestId) : null,
  );
}

export async function articleList(open) {
  const list = await api.articles();
  const items = list.map((one) => {
    const facts = [one.publisher, one.author, shownDate(one.published_at)];
    const place = { article_id: one.id, version: one.version };
    const onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      open(place);
    };
    return el(
      "li",
      {},
      el(
        "a",
        { class: "article-link", href: deepLink(place), onclick },
        el("span", { class: "article-title", lang: one.language }, one.title),
        el("span", { class: "origin" }, facts.filter(Boolean).join(" · ")),
      ),
    );
  });
  return el(
    "div",
    { class: "article-list" },
    el("h2", {}, words().allArticles),
    items.length ? el("ul", {}, items) : el("p", { class: "quiet" }, words().noArticles),
  );
}

/** The article with `[start, end)` (code points) marked; `marks` are the marked elements. */
export async function articleView({ article_id, version, start, end }) {
  const article = await api.article(article_id, version);
  const text = new CodePoints(article.text);
  const asked = start !== null && start !== undefined;
  const valid = asked && start >= 0 && start < end && end <= text.length;
  const span = valid ? { start, end } : { start: 0, end: 0 };
  const body = el("article", { class: "article", lang: article.language });
  let at = 0;
  for (const section of article.sections) {
    // Between sections stands white space only; it is kept, so that the marked text is whole.
    body.append(...range(text, at, section.start, span));
    const label = ["caption"].includes(section.kind) ? words().kinds[section.kind] : null;
    body.append(
      el(
        TAGS[section.kind] ?? "p",
        { class: `section ${section.kind}`, "data-label": label },
        range(text, section.start, section.end, span),
      ),
    );
    at = section.end;
  }
  body.append(...range(text, at, text.length, span));
  const node = el("div", {}, facts(article), notices(article, asked && !valid), body);
  return { node, marks: [...body.querySelectorAll("mark")], quote: text.slice(span.start, span.end) };
}

function facts(article) {
  const shown = [article.publisher, article.author, shownDate(article.published_at)];
  const url = safeUrl(article.url);
  return el(
    "p",
    { class: "facts" },
    shown.filter(Boolean).join(" · "),
    url
      ? el("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, words().original)
      : null,
  );
}

function notices(article, badSpan) {
  const newest = Math.max(...article.versions);
  return [
    article.version < newest
      ? el("p", { class: "notice" }, words().olderVersion(article.version, newest))
      : null,
    badSpan ? el("p", { class: "notice", role: "alert" }, words().badSpan) : null,
  ].filter(Boolean).reduce((box, one) => (box.append(one), box), el("div", {}));
}

function range(text, from, to, span) {
  const start = Math.min(Math.max(span.start, from), to);
  const end = Math.min(Math.max(span.end, from), to);
  const nodes = sourceNodes(text.slice(from, start));
  if (start < end) nodes.push(el("mark", { class: "cited" }, sourceNodes(text.slice(start, end))));
  return [...nodes, ...sourceNodes(text.slice(Math.max(start, end), to))];
}
