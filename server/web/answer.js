// An Answer's text and its sources, piece by piece: claims, their markers, the quotes below.

import { deepLink, el, plainClick } from "./dom.js";
import { shownDate, words } from "./i18n.js";
import { cites, token } from "./links.js";
import { CodePoints, langOf, sourceNodes } from "./text.js";

const MARKER = /\[(\d{1,3})\]/g;

/** The answer's text as it grows; `open(citation)` shows a source. */
export class AnswerText {
  constructor(turnKey, lang, open) {
    this.turnKey = turnKey;
    this.open = open;
    this.node = el("p", { class: "answer-text", lang });
    this.length = 0;
    this.text = "";
    this.citations = [];
  }

  /** Appends text whose citations are known. */
  append(text, citations) {
    const piece = new CodePoints(text);
    const nodes = this.#pieces(piece, this.length, citations);
    this.node.append(...nodes);
    this.length += piece.length;
    this.text += text;
    this.citations.push(...citations);
  }

  #pieces(text, base, citations) {
    const claims = new Map();
    for (const one of citations) {
      const claim = claims.get(one.answer_start) ?? { end: one.answer_end, citations: [] };
      claim.citations.push(one);
      claims.set(one.answer_start, claim);
    }
    const nodes = [];
    let at = 0;
    let before = [];
    for (const [position, claim] of [...claims].sort(([a], [b]) => a - b)) {
      const start = position - base;
      if (start < at) continue;
      nodes.push(...this.#markers(text.slice(at, start), citations, before));
      nodes.push(this.#claim(text.slice(start, claim.end - base), claim.citations));
      at = claim.end - base;
      before = claim.citations;
    }
    nodes.push(...this.#markers(text.slice(at, text.length), citations, before));
    return nodes;
  }

  #claim(text, citations) {
    const onclick = () => {
      // Who selects text wants to copy it, not to leave it.
      if (getSelection().isCollapsed) this.open(citations[0]);
    };
    const tokens = cites(this.turnKey, citations);
    const kind = byMeaning(citations) ? "claim by-meaning" : "claim";
    return el("span", { class: kind, lang: langOf(text), "data-cites": tokens, onclick }, sourceNodes(text));
  }

  /** The text between claims; `cited` are the citations of the claim before it. */
  #markers(text, citations, cited) {
    return text.split(/((?:\[\d{1,3}\])+)/).map((piece) => {
      const buttons = [...piece.matchAll(MARKER)].map(([shown, number]) => {
        const citation = citations.find((one) => String(one.marker) === number);
        return citation ? this.#marker(citation) : shown;
      });
      if (buttons.length && byMeaning(cited)) buttons.unshift(meaningMark());
      return buttons.length ? el("span", { class: "markers" }, buttons) : piece;
    });
  }

  #marker(citation) {
    return el(
      "button",
      {
        type: "button",
        class: "marker",
        "data-marker": citation.marker,
        "data-cites": token(this.turnKey, citation.marker),
        "aria-label": words().openSource(citation.marker, citation.quote),
        onclick: () => this.open(citation),
      },
      String(citation.marker),
    );
  }
}

/** Whether a model judged that the sources say what a claim says, in other words. */
export const byMeaning = (citations) => citations.some((one) => one.support_kind === "entailment");

/** The mark of a claim that was checked by meaning; CSS draws the sign and the tooltip. */
function meaningMark() {
  const place = () => {
    node.style.setProperty("--left", `${node.offsetLeft}px`);
    node.style.setProperty("--top", `${node.offsetTop + node.offsetHeight}px`);
    node.classList.remove("dismissed");
  };
  const onkeydown = (event) => {
    if (event.key !== "Escape" || node.classList.contains("dismissed")) return;
    event.stopPropagation();
    node.classList.add("dismissed");
  };
  const listeners = { onpointerenter: place, onfocus: place, onclick: place, onkeydown };
  const node = el("button", {
    type: "button",
    class: "meaning",
    "aria-label": words().checkedByMeaning,
    ...listeners,
  });
  return node;
}

/** How many markers stand in a piece of an answer: as many citations belong to it. */
export const markersIn = (text) => [...text.matchAll(MARKER)].length;

/** The numbered quotes under an answer, one for each marker, in order of first use. */
export class SourceList {
  constructor(turnKey, open) {
    this.turnKey = turnKey;
    this.open = open;
    this.seen = new Set();
    this.list = el("ol");
    const heading = el("h3", {}, words().sources);
    this.node = el("section", { class: "sources", hidden: true }, heading, this.list);
  }

  append(citations) {
    for (const one of citations) {
      if (this.seen.has(one.marker)) continue;
      this.seen.add(one.marker);
      this.list.append(this.#item(one));
      this.node.hidden = false;
    }
  }

  #item(one) {
    const kind = one.section === "body" ? null : words().kinds[one.section];
    const facts = [one.title, one.publisher, shownDate(one.published_at), kind];
    return el(
      "li",
      { "data-marker": one.marker, "data-cites": token(this.turnKey, one.marker) },
      el("span", { class: "source-number", "aria-hidden": "true" }, String(one.marker)),
      sourceLink(one, this.open, [
        el("q", { lang: langOf(one.quote) }, sourceNodes(one.quote)),
        one.note ? el("span", { class: "note" }, one.note) : null,
        el("span", { class: "origin", lang: langOf(one.title) }, sourceNodes(facts.filter(Boolean).join(" · "))),
      ]),
    );
  }
}

/** The sentences that came closest to an answer that was not given. */
export function nearest(sentences, open) {
  const items = sentences.map((one) => {
    const facts = [one.title, one.publisher, shownDate(one.published_at)];
    const content = [
      el("q", { lang: langOf(one.quote) }, sourceNodes(one.quote)),
      el("span", { class: "origin", lang: langOf(one.title) }, sourceNodes(facts.filter(Boolean).join(" · "))),
    ];
    return el("li", {}, sourceLink(one, open, content));
  });
  const heading = el("h3", {}, words().nearest);
  return el("section", { class: "sources nearest" }, heading, el("ul", {}, items));
}

/** A real link, so that it can be copied or opened elsewhere; a plain click stays here. */
function sourceLink(place, open, children) {
  const onclick = plainClick(() => open(place));
  return el("a", { class: "source", href: deepLink(place), onclick }, children);
}
