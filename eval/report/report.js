"use strict";
// Everything shown here comes from data sets, articles and models: it enters the page as
// text only, never as markup.
(() => {
  const { rows, faults } = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 50;
  const byId = (id) => document.getElementById(id);
  const list = byId("rows");
  let shown = [];
  let drawn = 0;

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  const fill = (id, entries) => {
    for (const [value, label] of entries) {
      const option = make("option", "", label);
      option.value = value;
      byId(id).append(option);
    }
  };
  const count = (test) => rows.filter(test).length;
  const values = (field) => [...new Set(rows.map((row) => row[field]).filter(Boolean))].sort();

  fill("fault", [
    ["", `all rows (${rows.length})`],
    ["any", `anything wrong (${count((row) => row.faults.length)})`],
    ...Object.entries(faults)
      .map(([name, label]) => [name, label, count((row) => row.faults.includes(name))])
      .filter(([, , n]) => n)
      .map(([name, label, n]) => [name, `${label} (${n})`]),
    ["none", `nothing wrong (${count((row) => !row.faults.length)})`],
  ]);
  for (const field of ["kind", "dataset", "status"]) {
    fill(field, [["", "all"], ...values(field).map((value) => [value, value])]);
  }

  const matches = (row) => {
    const fault = byId("fault").value;
    if (fault === "any" && !row.faults.length) return false;
    if (fault === "none" && row.faults.length) return false;
    if (fault && faults[fault] && !row.faults.includes(fault)) return false;
    for (const field of ["kind", "dataset", "status"]) {
      if (byId(field).value && row[field] !== byId(field).value) return false;
    }
    const needle = byId("needle").value.normalize("NFC").trim().toLowerCase();
    const text = [row.key, row.question, row.text, row.reason ?? "", ...row.tags].join("\n");
    return !needle || text.toLowerCase().includes(needle);
  };

  const verdict = (value) => (value === null ? "–" : value === true ? "yes" : value === false ? "no" : String(value));

  const badges = (row) => {
    const all = [make("span", "badge", row.kind)];
    if (row.status) {
      const right = (row.status === "answered") === (row.expected === "answer");
      const label = row.reason ? `${row.status}: ${row.reason}` : row.status;
      all.push(make("span", right ? "badge good" : "badge bad", label));
    }
    for (const fault of row.faults) all.push(make("span", "badge bad", faults[fault]));
    return all;
  };

  const quotation = (citation) => {
    const head = `[${citation.marker}] ${citation.title} · ${citation.article} · ${citation.span} · ` +
      `${citation.section} · support ${citation.support} (${citation.support_kinds.join(", ")})` + (citation.exact ? "" : " · NOT THE TEXT AT THIS SPAN");
    return make("blockquote", "",
      make("cite", "", head),
      make("span", "around", citation.before), make("mark", "", citation.quote),
      make("span", "around", citation.after));
  };

  const statement = (entry) => {
    const markers = entry.markers.map((marker, at) => `[${marker}] ${entry.useful[at] ? "helps" : "does not help"}`);
    return make("li", "", entry.text + " ",
      make("span", entry.joint ? "badge good" : "badge bad", entry.joint ? "judge: supported" : "judge: not supported"),
      make("span", entry.grounded ? "badge good" : "badge bad", entry.grounded ? "grounded" : "not grounded"),
      make("span", "badge", markers.length ? markers.join(", ") : "no citation"));
  };

  const detail = (row) => {
    const pairs = [
      ["id", row.key],
      ["asked alone", row.standalone && row.standalone !== row.question ? row.standalone : null],
      ["expected", row.expected === "abstain" ? "to abstain" : row.answers.length ? row.answers.join(" / ") : "an answer"],
      ["gold", row.quote],
      ["answer", row.error ?? (row.asked ? row.text : "not asked (retrieval only)")],
      ["verdicts", row.asked ? `answer_hit ${verdict(row.answer_hit)} · quote_hit ${verdict(row.quote_hit)} · char_f1 ${verdict(row.char_f1)}` : null],
      ["rank of gold", row.searched === null ? null : row.rank === null ? `not among ${row.searched}` : String(row.rank)],
      ["answerability", row.answerability === null ? null : `${row.answerability} (threshold ${row.threshold})`],
      ["not released", row.dropped.join("\n") || null],
      ["notes", row.notes.join("\n") || null],
      ["tags", row.tags.join(", ") || null],
    ];
    const terms = make("dl", "");
    for (const [name, value] of pairs) {
      if (value === null || value === "") continue;
      terms.append(make("dt", "", name), make("dd", ["answer", "not released", "notes"].includes(name) ? "answer" : "", value));
    }
    const parts = [terms];
    if (row.statements.length) parts.push(make("ul", "", ...row.statements.map(statement)));
    parts.push(...row.citations.map(quotation));
    return parts;
  };

  const draw = (row) => {
    const details = make("details", "",
      make("summary", "", make("span", "question", row.question), " ", ...badges(row)));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(...detail(row));
    });
    return make("li", "", details);
  };

  const more = () => {
    const next = shown.slice(drawn, drawn + PAGE);
    list.append(...next.map(draw));
    drawn += next.length;
    byId("more").hidden = drawn >= shown.length;
  };

  const refresh = () => {
    shown = rows.filter(matches);
    drawn = 0;
    list.replaceChildren();
    byId("count").textContent = `${shown.length} of ${rows.length} rows`;
    more();
  };

  byId("filters").addEventListener("input", refresh);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", more);
  refresh();
})();
