// The server's API: problems become errors with a `code`, streams become async iterators.

export class Problem extends Error {
  constructor(code, detail, requestId = null) {
    super(detail);
    this.code = code;
    this.requestId = requestId;
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { Accept: "application/json", ...options.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("network", String(error.message));
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Problem(
    body.code ?? `http_${response.status}`,
    body.detail ?? response.statusText,
    body.request_id ?? null,
  );
}

function post(path, body, signal) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

export async function articles() {
  return (await (await request("/articles")).json()).articles;
}

export async function article(id, version) {
  const query = version ? `?version=${encodeURIComponent(version)}` : "";
  return (await request(`/articles/${encodeURIComponent(id)}${query}`)).json();
}

export async function conversation(id) {
  return (await (await request(`/conversations/${encodeURIComponent(id)}`)).json()).answers;
}

export async function feedback(answerId, rating) {
  await post("/feedback", { answer_id: answerId, rating });
}

/** Yields {event, data} as the answer is verified piece by piece. */
export async function* ask(question, conversationId, signal) {
  const body = { question, stream: true };
  if (conversationId) body.conversation_id = conversationId;
  const response = await post("/chat", body, signal);
  for await (const { event, data } of events(response.body)) {
    if (event === "error") throw new Problem(data.code, data.message);
    yield { event, data };
    if (event === "done") return;
  }
  throw new Problem("network", "the stream ended early");
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const parsed = parse(block);
        if (parsed) yield parsed;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parse(block) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}
