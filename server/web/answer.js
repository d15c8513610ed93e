// An Answer as a card: claims, their markers, and the quotes they stand on.

import { shownDate, words } from "./i18n.js";
import { CodePoints, deepLink, el } from "./text.js";

const MARKER = /\[(\d{1,3})\]/g;

/** The answer's text; claims and markers open their source through `open(citation)`. */
export function answerText(answer, open) {
  const text = new CodePoints(answer.text);
  const claims = new Map();
  for (const citation of answer.citations) {
    const key = citation.answer_start;
    if (!claims.has(key)) claims.set(key, { end: citation.answer_end, citations: [] });
    claims.get(key).citations.push(citation);
  }
  const paragraph = el("p", { class: "answer-text", lang: answer.language });
  let at = 0;
  for (const [start, claim] of [...claims].sort(([a], [b]) => a - b)) {
    if (start < at) continue;
    paragraph.append(...markers(text.slice(at, start), answer.citations, open));
    const first = claim.citations[0];
    paragraph.append(
      el("span", { class: "claim", onclick: () => open(first) }, text.slice(start, claim.end)),
    );
    at = claim.end;
  }
  paragraph.append(...markers(text.slice(at, text.length), answer.citations, open));
  return paragraph;
}

function markers(text, citations, open) {
  return text.split(/((?:\[\d{1,3}\])+)/).map((piece) => {
    const buttons = [...piece.matchAll(MARKER)].map(([shown, number]) => {
      const citation = citations.find((one) => String(one.marker) === number);
      return citation ? markerButton(citation, open) : shown;
    });
    return buttons.length ? el("span", { class: "markers" }, buttons) : piece;
  });
}

function markerButton(citation, open) {
  return el(
    "button",
    {
      type: "button",
      class: "marker",
      "data-marker": citation.marker,
      "aria-label": words().openSource(citation.marker, citation.quote),
      onclick: () => open(citation),
    },
    String(citation.marker),
  );
}

/** The numbered quotes under an answer, one for each marker. */
export function sources(answer, open) {
  const byMarker = new Map(answer.citations.map((citation) => [citation.marker, citation]));
  if (!byMarker.size) return null;
  const items = [...byMarker].sort(([a], [b]) => a - b).map(([, one]) => source(one, open));
  return el("section", { class: "sources" }, el("h3", {}, words().sources), el("ol", {}, items));
}

function source(citation, open) {
  const kind = citation.section === "body" ? null : words().kinds[citation.section];
  const facts = [citation.title, citation.publisher, shownDate(citation.published_at), kind];
  return el(
    "li",
    { "data-marker": citation.marker },
    el("span", { class: "source-number", "aria-hidden": "true" }, String(citation.marker)),
    sourceLink(citation, open, [
      el("q", { lang: "ko" }, citation.quote),
      citation.note ? el("span", { class: "note" }, citation.note) : null,
      el("span", { class: "origin" }, facts.filter(Boolean).join(" · ")),
    ]),
  );
}

/** A real link, so that it can be copied or opened elsewhere; a plain click stays here. */
function sourceLink(place, open, children) {
  const onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(place);
  };
  return el("a", { class: "source", href: deepLink(place), onclick }, children);
}

/** Why there is no answer, and what came closest. */
export function abstention(answer, open) {
  const nearest = answer.citations.length ? [] : answer.passages.slice(0, 3);
  return [
    el("p", { class: "abstained-label" }, words().noAnswer),
    el("div", { class: "abstained-reason" }, answerText(answer, open)),
    nearest.length && answer.reason !== "off_topic"
      ? el(
          "section",
          { class: "sources nearest" },
          el("h3", {}, words().nearest),
          el("ul", {}, nearest.map((hit) => el("li", {}, sourceLink(hit, open, [excerpt(hit)])))),
        )
      : null,
  ];
}

function excerpt(hit) {
  const text = new CodePoints(hit.text);
  const shown = text.slice(0, 120) + (text.length > 120 ? "…" : "");
  return el("span", { class: "excerpt", lang: "ko" }, shown);
}
