// One question and what became of it, as it comes about.

import { announce } from "./announce.js";
import { AnswerText, SourceList, byMeaning, markersIn, nearest } from "./answer.js";
import * as api from "./api.js";
import { answerAsText, copyText } from "./copy.js";
import { button, el, icon, iconButton } from "./dom.js";
import { language, words } from "./i18n.js";
import { problemNode } from "./problem.js";
import { langOf, sourceNodes } from "./text.js";

let counter = 0;

export class Turn {
  /**
   * `actions`: open(citation, turn), askAgain(turn), rephrase(question), addArticles(),
   * share(turn). `scope` is the only article that was asked, if any.
   */
  constructor(question, actions, scope = null) {
    this.key = `t${++counter}`;
    this.question = question;
    this.actions = actions;
    this.scope = scope;
    this.shared = false;
    this.answer = null;
    this.rating = null;
    const id = `${this.key}-question`;
    this.card = el("div", { class: "answer" });
    this.node = el(
      "article",
      { class: "turn", "aria-labelledby": id },
      el("h2", { class: "question", id, lang: langOf(question) }, question),
      scope ? el("p", { class: "asked-of", lang: scope.language }, icon("file"), sourceNodes(scope.title)) : null,
      this.card,
    );
    this.begin();
  }

  /** Forgets what came of the question so far. */
  begin() {
    this.stage = "searching";
    this.error = null;
    this.stopped = false;
    this.partial = { text: "", citations: [], passages: [] };
    this.waiting = null;
    this.render();
  }

  /** What can be opened and counted now: the Answer, or what has come of it. */
  get citations() {
    return (this.answer ?? this.partial).citations;
  }

  receive(event, data) {
    if (event === "passages") {
      this.partial.passages = data;
      this.stage = "verifying";
      this.#renderState();
    } else if (event === "delta") {
      this.waiting = { text: data.text, citations: [], of: markersIn(data.text) };
      this.#release();
    } else if (event === "citation") {
      this.waiting?.citations.push(data);
      this.#release();
    } else if (event === "done") {
      this.finish(data);
    }
  }

  /** A piece of text is shown when all its citations are here. */
  #release() {
    const piece = this.waiting;
    if (!piece || piece.citations.length < piece.of) return;
    this.waiting = null;
    this.partial.text += piece.text;
    this.partial.citations.push(...piece.citations);
    this.text.append(piece.text, piece.citations);
    this.sources.append(piece.citations);
    const meant = byMeaning(piece.citations) ? ` (${words().byMeaning})` : "";
    announce(piece.text.replaceAll(/\[\d{1,3}\]/g, "").trim() + meant);
  }

  finish(answer) {
    this.answer = answer;
    this.stage = null;
    const { status, text, citations } = answer;
    if (status === "answered" && text === this.text.text) {
      // What stands there may be focused or selected: it stays.
      this.text.node.lang = answer.language;
      this.text.node.before(...this.#shortAnswer());
      this.#renderState();
      this.#renderFoot();
    } else {
      this.render();
    }
    if (status === "answered") announce(words().finished(new Set(citations.map((c) => c.marker)).size));
    else if (answer.reason === "not_a_question") announce(text);
    else announce(`${words().noAnswer}. ${text} ${words().advice[answer.reason] ?? ""}`);
  }

  /** An answer of the past, with the opinion on it. */
  restore(answer, rating) {
    this.answer = answer;
    this.rating = rating ?? null;
    this.stage = null;
    this.render();
  }

  /** An answer that somebody has shared: it can be read and copied, not rated. */
  restoreShared(answer) {
    this.shared = true;
    this.restore(answer);
  }

  fail(error) {
    this.stage = null;
    if (error.name === "AbortError") this.stopped = true;
    else this.error = error;
    this.#renderState();
  }

  /** Everything anew, in the present language. */
  render() {
    const shown = this.answer ?? this.partial;
    const abstained = shown.status === "abstained" && shown.reason !== "not_a_question";
    const open = (citation) => this.actions.open(citation, this);
    this.card.classList.toggle("abstained", abstained);
    this.text = new AnswerText(this.key, shown.language ?? language(), open);
    this.text.append(shown.text, shown.citations);
    this.sources = new SourceList(this.key, open);
    this.sources.append(shown.citations);
    this.state = el("div", { class: "state" });
    this.foot = el("div");
    const parts = [...this.#shortAnswer(), this.text.node, this.state, this.sources.node, this.foot];
    if (abstained) {
      parts.unshift(el("p", { class: "abstained-label" }, words().noAnswer));
      this.text.node.classList.add("abstained-reason");
    }
    this.card.replaceChildren(...parts);
    this.#renderState();
    this.#renderFoot();
  }

  /** The words inside the first quote that answer, where there are such. */
  #shortAnswer() {
    const short = this.answer?.short_answer;
    if (!short) return [];
    return [el("p", { class: "short-answer", lang: langOf(short.text) }, el("strong", {}, sourceNodes(short.text)))];
  }

  #renderState() {
    this.card.setAttribute("aria-busy", this.stage ? "true" : "false");
    const parts = [];
    const asked = this.answer?.standalone_question;
    if (asked && asked !== this.question) {
      parts.push(el("p", { class: "quiet" }, words().understood(asked)));
    }
    if (this.stage) parts.push(el("p", { class: "stage" }, words()[this.stage]));
    if (this.stopped) parts.push(el("p", { class: "quiet" }, words().stopped));
    if (this.stopped) parts.push(el("p", { class: "ways-out" }, this.#askAgain()));
    if (this.error) parts.push(problemNode(this.error, () => this.actions.askAgain(this)));
    if (this.answer?.status === "abstained") parts.push(...this.#advice());
    this.state.replaceChildren(...parts);
  }

  #advice() {
    const { reason, nearest: found } = this.answer;
    const ways =
      reason === "backend_unavailable"
        ? [this.#askAgain()]
        : [button(words().rephrase, () => this.actions.rephrase(this.question), { class: "button" })];
    if (reason === "not_a_question") return [];
    if (["no_evidence", "weak_evidence", "off_topic"].includes(reason)) {
      ways.push(button(words().addArticles, this.actions.addArticles, { class: "button" }));
    }
    const advice = el("p", { class: "advice" }, words().advice[reason] ?? words().errors.other);
    const open = (place) => this.actions.open(place, this);
    return [advice, el("p", { class: "ways-out" }, ways), ...(found?.length ? [nearest(found, open)] : [])];
  }

  #askAgain() {
    return button(words().askAgain, () => this.actions.askAgain(this), { class: "button" });
  }

  #renderFoot() {
    if (!this.answer) return this.foot.replaceChildren();
    const { citations, timings_ms: timings } = this.answer;
    const backend = citations.length ? this.answer.backend : null; // without, nobody wrote anything
    const foot = el(
      "footer",
      { class: "answer-foot" },
      el("span", { class: "made-by" }, words().answeredIn(backend, timings.total)),
      this.#copyButton(),
      ...(this.shared
        ? []
        : [
            iconButton("share", words().share, () => this.actions.share(this), { class: "icon-button share" }),
            this.#vote("up", words().helpful),
            this.#vote("down", words().unhelpful),
          ]),
    );
    return this.foot.replaceChildren(foot);
  }

  #copyButton() {
    const node = iconButton("copy", words().copy, async () => {
      if (!(await copyText(answerAsText(this.answer)))) return;
      node.replaceChildren(icon("check"));
      setTimeout(() => node.replaceChildren(icon("copy")), 2000);
    });
    node.classList.add("copy");
    return node;
  }

  #vote(rating, label) {
    const pressed = this.rating === rating ? "true" : "false";
    const attributes = { class: "icon-button vote", "aria-pressed": pressed, "data-rating": rating };
    return iconButton(rating, label, () => this.#rate(rating), attributes);
  }

  async #rate(rating) {
    const before = this.rating;
    this.#showRating(rating);
    try {
      await api.feedback(this.answer.id, rating);
      announce(words().thanks);
    } catch (error) {
      this.#showRating(before);
      this.foot.append(problemNode(error, () => {
        this.#renderFoot();
        this.#rate(rating);
      }));
    }
  }

  /** In place, so that the focus stays on the button. */
  #showRating(rating) {
    this.rating = rating;
    for (const node of this.foot.querySelectorAll(".vote")) {
      node.setAttribute("aria-pressed", node.dataset.rating === rating ? "true" : "false");
    }
  }
}
