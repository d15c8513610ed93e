// Elements are made here and nowhere else: attributes as attributes, strings as text, never HTML.

export const $ = (id) => document.getElementById(id);

/** An element; `on…` are listeners, strings become text nodes, null and false are left out. */
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

/** A button with a label that everybody sees. */
export function button(label, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, label);
}

/** A button that shows a picture; `label` is what it is called. */
export function iconButton(name, label, onclick, attributes = {}) {
  const shown = { class: "icon-button", "aria-label": label, title: label, ...attributes };
  return el("button", { type: "button", onclick, ...shown }, icon(name));
}

const SVG = "http://www.w3.org/2000/svg";

// Drawn on a 24 by 24 grid with a round pen.
const PATHS = {
  menu: "M4 7h16M4 12h16M4 17h10",
  plus: "M12 5v14M5 12h14",
  up: "M7 21V10.5l4.4-7.2c1.6 0 2.6 1.2 2.3 2.8L13 9.5h5.6c1.4 0 2.4 1.3 2 2.7l-1.9 7c-.3 1.1-1.2 1.8-2.3 1.8H7zM7 10.5H3.5V21H7",
  down: "M17 3v10.5l-4.4 7.2c-1.6 0-2.6-1.2-2.3-2.8l.7-3.4H5.4c-1.4 0-2.4-1.3-2-2.7l1.9-7C5.6 3.7 6.5 3 7.6 3H17zM17 13.5h3.5V3H17",
  copy: "M9 9h11v12H9zM15 9V3H4v12h5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  close: "M6 6l12 12M18 6L6 18",
  back: "M19 12H5M11 6l-6 6 6 6",
  previous: "M14.5 6l-6 6 6 6",
  next: "M9.5 6l6 6-6 6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  system: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 4v16M12 8h6.9M12 12h8M12 16h6.9",
  share: "M15.5 8.5L8.5 12l7 3.5M18 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  edit: "M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19zM14 7l3 3",
  summary: "M5 6h14M5 10.5h14M5 15h8",
  ask: "M4 5h16v11h-8l-5 4v-4H4z",
  kinds: "M4 6h3M10 6h10M4 12h3M10 12h10M4 18h3M10 18h6",
  articles: "M4 5h12v14H6a2 2 0 0 1-2-2zM16 9h4v8a2 2 0 0 1-2 2h-2M7 9h6M7 12.5h6M7 16h4",
};

/** A picture that says nothing by itself; its button has the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** The address if it may be followed, else null: `javascript:` and its like may not. */
export function safeUrl(address) {
  if (!address || !URL.canParse(address)) return null;
  return ["http:", "https:"].includes(new URL(address).protocol) ? address : null;
}

/** Where an article, or a span of it, is found on this server. */
export function deepLink({ article_id, version, start, end }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ version, start, end })) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  const suffix = query.size ? `?${query}` : "";
  return `/articles/${encodeURIComponent(article_id)}${suffix}`;
}

/** A click handler for a real link: a plain click stays here, any other is the browser's. */
export function plainClick(act) {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    act();
  };
}

/** How to scroll for somebody who may not want things to move. */
export function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
}
