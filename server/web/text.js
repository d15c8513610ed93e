// Positions from the server count Unicode code points; JavaScript strings count UTF-16 units.
// Everything that slices by position goes through CodePoints.

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

/** Nodes for source text; characters that nobody can see are kept and made noticeable. */
export function sourceNodes(text) {
  return text
    .split(INVISIBLE)
    .filter((piece) => piece !== "")
    .map((piece) => {
      if (!INVISIBLE.test(piece)) return document.createTextNode(piece);
      const code = piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      return el("span", { class: "invisible", title: `U+${code}` }, piece);
    });
}

/** An element; attributes as given, `on…` as listeners, strings as text and never as HTML. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** The address if it may be followed, else null: `javascript:` and its like may not. */
export function safeUrl(address) {
  if (!address || !URL.canParse(address)) return null;
  return ["http:", "https:"].includes(new URL(address).protocol) ? address : null;
}

export function deepLink({ article_id, version, start, end }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ version, start, end })) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  const suffix = query.size ? `?${query}` : "";
  return `/articles/${encodeURIComponent(article_id)}${suffix}`;
}
