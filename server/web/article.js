// An article as it was cited: its sections, and the cited characters marked in them.

import { deepLink, el, icon, iconButton, plainClick, safeUrl } from "./dom.js";
import { shownDate, words } from "./i18n.js";
import { token } from "./links.js";
import { CodePoints, sourceNodes } from "./text.js";

const TAGS = { title: "h2", deck: "p", byline: "p", caption: "p", heading: "h3", body: "p" };

/**
 * The article with `[start, end)` (code points) marked, and more faintly what else the turn cites
 * of this version. `marks` are the elements of the span asked for; `hooks`: open(place),
 * back(token), summarize(), only(), correct(), remove().
 */
export function articleView(article, { start, end }, turn, hooks) {
  const text = new CodePoints(article.text);
  const asked = start !== null && start !== undefined;
  const valid = asked && start >= 0 && start < end && end <= text.length;
  const span = valid ? { start, end } : { start: 0, end: 0 };
  const marker = new Marker(text, span, citationsOf(turn, article), hooks.back);
  const body = el("article", { class: "article", lang: article.language });
  let at = 0;
  for (const section of article.sections) {
    // Between sections stands white space only; it is kept, so that the marked text is whole.
    body.append(...marker.nodes(at, section.start));
    const label = words().kinds[section.kind] ?? section.kind;
    const shown = section.page ? `${label} · ${words().page(section.page)}` : label;
    const attributes = { class: `section ${section.kind}`, "data-label": shown };
    const nodes = marker.nodes(section.start, section.end);
    body.append(el(TAGS[section.kind] ?? "p", attributes, nodes));
    at = section.end;
  }
  body.append(...marker.nodes(at, text.length));
  const node = el(
    "div",
    { class: "article-view" },
    facts(article),
    tools(article, body, hooks),
    notices(article, asked && !valid, hooks.open),
    body,
  );
  return { node, marks: [...body.querySelectorAll("mark.cited")], quote: text.slice(span.start, span.end) };
}

/** One citation for each marker of the turn that stands in this version of the article. */
function citationsOf(turn, article) {
  const here = (turn?.citations ?? []).filter(
    (one) => one.article_id === article.id && one.version === article.version,
  );
  const byMarker = new Map(here.map((one) => [one.marker, one]));
  return [...byMarker.values()].map((one) => ({ ...one, token: token(turn.key, one.marker) }));
}

/** Cuts text where a span begins or ends, so that spans may touch, nest and overlap. */
class Marker {
  constructor(text, span, citations, back) {
    this.text = text;
    this.span = span;
    this.citations = citations;
    this.back = back;
    const ends = [span.start, span.end, ...citations.flatMap((one) => [one.start, one.end])];
    this.cuts = [...new Set(ends)].sort((a, b) => a - b);
  }

  nodes(from, to) {
    const cuts = [from, ...this.cuts.filter((cut) => from < cut && cut < to), to];
    return cuts.slice(1).flatMap((end, n) => this.#piece(cuts[n], end));
  }

  #piece(start, end) {
    const nodes = sourceNodes(this.text.slice(start, end));
    const covers = (one) => one.start <= start && end <= one.end && start < end;
    const citing = this.citations.filter(covers);
    const asked = covers(this.span);
    if (!asked && !citing.length) return nodes;
    const attributes = { class: asked ? "cited" : "also" };
    if (citing.length) {
      attributes["data-cites"] = citing.map((one) => one.token).join(" ");
      attributes.onclick = () => {
        if (getSelection().isCollapsed) this.back(citing[0].token);
      };
    }
    const ending = citing.filter((one) => one.end === end).map((one) => this.#number(one));
    return [el("mark", attributes, nodes), ...ending];
  }

  /** The way back for keyboards; its number is drawn by CSS, so that the text stays the article's. */
  #number(one) {
    return el("button", {
      type: "button",
      class: "marker back",
      "data-number": one.marker,
      "data-cites": one.token,
      "aria-label": words().backToClaim(one.marker),
      onclick: () => this.back(one.token),
    });
  }
}

function facts(article) {
  const shown = [article.publisher, article.author, shownDate(article.published_at)];
  const url = safeUrl(article.url);
  const rel = { rel: "noopener noreferrer", target: "_blank" };
  return el(
    "p",
    { class: "facts" },
    el("span", {}, sourceNodes(shown.filter(Boolean).join(" · "))),
    url ? el("a", { href: url, ...rel }, words().original) : null,
  );
}

/** What can be done with the article; only the newest version can be asked and corrected. */
function tools(article, body, hooks) {
  if (article.version < Math.max(...article.versions)) return null;
  const tool = (name, label, act, attributes = {}) =>
    el("button", { type: "button", class: "button", onclick: act, ...attributes }, icon(name), el("span", {}, label));
  const kinds = tool("kinds", words().showKinds, () => {
    const on = body.classList.toggle("show-kinds");
    kinds.setAttribute("aria-pressed", String(on));
  }, { "aria-pressed": "false" });
  return el(
    "div",
    { class: "article-tools", role: "group", "aria-label": words().articleTools },
    tool("ask", words().askOnly, hooks.only),
    tool("summary", words().summary, hooks.summarize),
    kinds,
    iconButton("edit", words().correct, hooks.correct),
    iconButton("trash", words().removeArticle, hooks.remove),
  );
}

function notices(article, badSpan, open) {
  const newest = Math.max(...article.versions);
  const place = { article_id: article.id, version: newest };
  const onclick = plainClick(() => open(place));
  const link = el("a", { href: deepLink(place), onclick }, words().openNewest);
  const old = [words().olderVersion(article.version, newest), " ", link];
  return [
    article.version < newest ? el("p", { class: "notice" }, old) : null,
    badSpan ? el("p", { class: "notice", role: "alert" }, words().badSpan) : null,
  ];
}
