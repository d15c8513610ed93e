// Positions from the server count Unicode code points; JavaScript strings count UTF-16 units.
// Everything that slices by position goes through CodePoints.

import { el } from "./dom.js";

export class CodePoints {
  constructor(text) {
    this.chars = Array.from(text);
  }

  get length() {
    return this.chars.length;
  }

  slice(start, end) {
    return this.chars.slice(start, end).join("");
  }
}

// The same set as INVISIBLE in rag/text.py: zero-width, bidi and tag characters.
const INVISIBLE =
  /([\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}])/u;

const codeOf = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Nodes for source text; characters that nobody can see are kept and made noticeable. */
export function sourceNodes(text) {
  if (!INVISIBLE.test(text)) return text ? [document.createTextNode(text)] : [];
  return text
    .split(INVISIBLE)
    .filter((piece) => piece !== "")
    .map((piece) =>
      INVISIBLE.test(piece)
        ? el("span", { class: "invisible", title: codeOf(piece) }, piece)
        : document.createTextNode(piece),
    );
}

/** The language to read `text` aloud in, and to choose its glyphs by. */
export const langOf = (text) => (/[\uac00-\ud7a3]/.test(text) ? "ko" : "en");

/** Text to be pasted elsewhere: an invisible character is written as its code. */
export function inert(text) {
  return text
    .split(INVISIBLE)
    .map((piece) => (INVISIBLE.test(piece) ? `(${codeOf(piece)})` : piece))
    .join("");
}
