// Hands files, texts and addresses to the server, and tells how far it is.

import * as api from "./api.js";

// Small enough to show progress and to be stopped between two, large enough to be indexed together.
const CHUNK_LINES = 32;
const CHUNK_BYTES = 1_000_000;
const NAME_LENGTH = 100;
const KINDS = /\.(txt|md|markdown|html?|jsonl?|ndjson|csv|tsv|xlsx|xml|rss|atom|pdf|docx|hwpx?|eml|mht(ml)?)$/i;
const RECORDS = /\.(jsonl|ndjson)$/;
const LINE_FEED = 10;

const OUTCOMES = ["added", "updated", "unchanged"];

/** A file's name as the server takes it, or null if it is of no kind that can be read. */
export function fileName(name) {
  const kind = KINDS.exec(name);
  if (!kind) return null;
  const stem = safe(name.slice(0, kind.index)) || "file";
  return stem + kind[0].toLowerCase();
}

/** Names a pasted text by its first line: the same headline is the same article. */
export function textName(text) {
  const first = text.trimStart().split("\n", 1)[0];
  if (/^<(!doctype html|html)[\s>]/i.test(first)) return `${safe(first) || "pasted"}.html`;
  const stem = safe(first.replace(/^#+\s*/, "")) || "pasted";
  return stem + (first.startsWith("#") ? ".md" : ".txt");
}

function safe(name) {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const clean = name.normalize("NFC").replace(/[/\\\u0000-\u001f\u007f\ud800-\udfff]/g, "_").trim();
  return Array.from(clean).slice(0, NAME_LENGTH).join("");
}

/** Yields {done, total, counts, failures, warnings, ids} as the file goes in. */
export async function* sendFile(file, name, signal) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const chunks = RECORDS.test(name) ? split(bytes) : [];
  const total = chunks.at(-1)?.last ?? 1;
  const counts = { added: 0, updated: 0, unchanged: 0, failed: 0 };
  const sum = { done: 0, total, counts, failures: [], warnings: [], ids: [] };
  if (chunks.length < 2) {
    count(sum, await api.addFile(bytes, name, signal));
    yield { ...sum, done: total };
    return;
  }
  for (const chunk of chunks) {
    await sendChunk(sum, bytes, chunk, name, signal);
    yield { ...sum, done: chunk.last };
  }
}

async function sendChunk(sum, bytes, chunk, name, signal) {
  // Blank lines stand for those already sent, so that each line keeps its number and identity.
  const before = new Uint8Array(chunk.first - 1).fill(LINE_FEED);
  const body = new Blob([before, bytes.subarray(chunk.start, chunk.end)]);
  try {
    count(sum, await api.addFile(body, name, signal));
  } catch (error) {
    if (error.status !== 422) throw error;
    // Not one line of the chunk could be read; the server names the first.
    sum.counts.failed += chunk.records;
    sum.failures.push({ error: error.message, code: error.code, lines: [chunk.first, chunk.last] });
  }
}

function count(sum, summary) {
  for (const outcome of OUTCOMES) {
    sum.counts[outcome] += summary[outcome].length;
    sum.ids.push(...summary[outcome]);
  }
  sum.counts.failed += summary.failed.length;
  sum.failures.push(...summary.failed);
  sum.warnings.push(...summary.warnings);
}

/** Chunks of whole lines: {start, end} in bytes, {first, last} line numbers, records in it. */
function split(bytes) {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (wide) return []; // UTF-16: a line feed is two bytes there
  const chunks = [];
  let chunk = { start: 0, first: 1, records: 0 };
  let line = 0;
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const next = feed < 0 ? bytes.length : feed + 1;
    line += 1;
    if (next - at > 2) chunk.records += 1;
    if (chunk.records >= CHUNK_LINES || next - chunk.start >= CHUNK_BYTES || next === bytes.length) {
      chunks.push({ ...chunk, end: next, last: line });
      chunk = { start: next, first: line + 1, records: 0 };
    }
    at = next;
  }
  // The rest may be blank lines only, of which the server would say that they are empty.
  return chunks.filter((one) => one.records);
}
