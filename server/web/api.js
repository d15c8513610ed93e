// The server's API: problems become errors with a `code`, streams become async iterators.

import { events } from "./sse.js";

const STREAM = "text/event-stream";

export class Problem extends Error {
  constructor({ code, status = 0, detail = "", requestId = null, retryAfter = null }) {
    super(detail);
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** Who can ask for an API key: `key()` is the present one, `renew()` a promise of another. */
let access = { key: () => null, renew: async () => null };

export function useAccess(provider) {
  access = provider;
}

async function request(path, options = {}) {
  const key = access.key();
  const response = await send(path, options, key);
  if (response.ok) return response;
  if (response.status === 401) {
    const renewed = await access.renew(key);
    // Once: a key that is refused again is for the next attempt to ask about.
    if (renewed) {
      const again = await send(path, options, renewed);
      if (again.ok) return again;
      throw await problem(again);
    }
  }
  throw await problem(response);
}

async function send(path, options, key) {
  const headers = { Accept: "application/json", ...options.headers };
  if (key) headers.Authorization = `Bearer ${key}`;
  try {
    return await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "network", detail: String(error.message) });
  }
}

async function problem(response) {
  const body = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("Retry-After"));
  return new Problem({
    code: body.code ?? `http_${response.status}`,
    status: response.status,
    detail: body.detail ?? "",
    requestId: body.request_id ?? null,
    retryAfter: seconds > 0 ? Math.ceil(seconds) : null,
  });
}

const json = async (path, options) => (await request(path, options)).json();

function sendJson(path, method, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method, headers, body: JSON.stringify(body), signal });
}

const post = (path, body, signal) => sendJson(path, "POST", body, signal);

/** `{articles, total}`; `asked` may have q, published_from, published_to, limit, offset. */
export function articles(asked = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
  return json(`/articles?${query}`);
}

export function article(id, version) {
  const query = version ? `?version=${encodeURIComponent(version)}` : "";
  return json(`/articles/${encodeURIComponent(id)}${query}`);
}

export async function addText(text, name, signal) {
  return (await post("/articles", { text, name }, signal)).json();
}

export async function addUrl(url, signal) {
  return (await post("/articles", { url }, signal)).json();
}

/** `{added, updated, unchanged, failed, skipped}` of a file's bytes. */
export function addFile(bytes, name, signal) {
  const headers = { "Content-Type": "application/octet-stream" };
  const path = `/articles/file?name=${encodeURIComponent(name)}`;
  return json(path, { method: "POST", headers, body: bytes, signal });
}

/** Corrects the data of an article; `{status, article}` has its new version. */
export async function edit(id, changes) {
  return (await sendJson(`/articles/${encodeURIComponent(id)}`, "PATCH", changes)).json();
}

export function removeArticle(id) {
  return request(`/articles/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function feeds() {
  return (await json("/feeds")).feeds;
}

export async function addFeed(url) {
  return (await post("/feeds", { url })).json();
}

/** `{status, added, updated, unchanged, failed}`; it can take minutes. */
export async function pullFeed(url) {
  return (await post("/feeds/pull", { url })).json();
}

export function removeFeed(url) {
  return request(`/feeds?url=${encodeURIComponent(url)}`, { method: "DELETE" });
}

/** Questions that the stored articles answer: `{question, article_id, title}`. */
export async function starters(language) {
  return (await json(`/starters?language=${language}`)).starters;
}

export async function conversations(offset, limit, q = "") {
  const query = new URLSearchParams({ offset, limit });
  if (q) query.set("q", q);
  return (await json(`/conversations?${query}`)).conversations;
}

export function rename(id, title) {
  return sendJson(`/conversations/${encodeURIComponent(id)}`, "PATCH", { title });
}

/** `{token, url}` of a link to one answer. */
export async function share(id, answerId) {
  return (await post(`/conversations/${encodeURIComponent(id)}/share`, { answer_id: answerId })).json();
}

/** The Answer that was shared with `token`. */
export function shared(token) {
  return json(`/shared/${encodeURIComponent(token)}`);
}

/** `{answers, ratings}` */
export function conversation(id) {
  return json(`/conversations/${encodeURIComponent(id)}`);
}

/** The conversation as a Markdown document. */
export async function transcript(id) {
  return (await request(`/conversations/${encodeURIComponent(id)}?format=markdown`)).blob();
}

export function forget(id) {
  return request(`/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function feedback(answerId, rating) {
  return post("/feedback", { answer_id: answerId, rating });
}

/** Yields {event, data} as the answer is verified piece by piece; `articleId` asks one only. */
export async function* ask(question, conversationId, articleId, signal) {
  const body = { question, stream: true };
  if (conversationId) body.conversation_id = conversationId;
  if (articleId) body.filters = { article_ids: [articleId] };
  yield* streamed(await post("/chat", body, signal));
}

/** Yields {event, data} as the statements of a text are checked. */
export async function* check(text, date, signal) {
  const body = { text, stream: true };
  if (date) body.date = date;
  yield* streamed(await post("/check", body, signal));
}

/** The same result as a document of the media type `type`. */
export async function checkReport(text, date, type) {
  const headers = { "Content-Type": "application/json", Accept: type };
  const body = JSON.stringify(date ? { text, date } : { text });
  return (await request("/check", { method: "POST", headers, body })).blob();
}

async function* streamed(response) {
  if (!response.headers.get("Content-Type")?.startsWith(STREAM)) {
    throw new Problem({ code: "network", detail: "the answer is no stream" });
  }
  for await (const { event, data } of broken(events(response.body))) {
    if (event === "error") {
      throw new Problem({ code: data.code, status: data.status, detail: data.message });
    }
    yield { event, data };
    if (event === "done") return;
  }
  throw new Problem({ code: "network", detail: "the stream ended early" });
}

/** The same stream; a connection that breaks inside it is the network's fault. */
async function* broken(stream) {
  try {
    yield* stream;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "network", detail: String(error.message) });
  }
}
