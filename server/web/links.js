// Claims, their numbers, the quotes below and the marks in the article know each other:
// whatever carries the same token in `data-cites` lights up together.

let lit = null;

/** The token of one source of one turn. */
export const token = (turnKey, marker) => `${turnKey}-${marker}`;

/** `data-cites` for some citations of a turn. */
export function cites(turnKey, citations) {
  return [...new Set(citations.map((one) => token(turnKey, one.marker)))].join(" ");
}

/** Pointing at or focusing one end lights up the others. */
export function startLinks() {
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, (event) => {
      light(event.target.closest?.("[data-cites]") ?? null);
    });
  }
}

function light(node) {
  if (node === lit) return;
  lit = node;
  for (const old of document.querySelectorAll(".linked")) old.classList.remove("linked");
  if (!node) return;
  for (const one of node.dataset.cites.split(" ")) {
    for (const twin of citing(one)) twin.classList.add("linked");
  }
}

function citing(one) {
  return document.querySelectorAll(`[data-cites~="${CSS.escape(one)}"]`);
}
