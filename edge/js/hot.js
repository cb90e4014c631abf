// The few things that are cheaper said in JavaScript than through wasm-bindgen's generic bindings. On a HIT
// each is called once at most; edge/src/js.rs declares them.

import { upTo } from "valora-buffer";

// What every step needs, in one string: one crossing instead of one per header. No field can hold a line break
// (RFC 9110 §5.5), and the runtime refuses those that try.
export function read(request) {
  const headers = request.headers;
  const options = request.method === "OPTIONS";
  const hasBody = request.body !== null;
  return (
    request.method + "\n" +
    request.url + "\n" +
    (headers.get("origin") ?? "") + "\n" +
    (headers.get("x-correlation-id") ?? "") + "\n" +
    (headers.has("authorization") ? "1" : "") + "\n" +
    ((options && headers.get("access-control-request-method")) || "") + "\n" +
    (hasBody ? "1" : "") + "\n" +
    ((hasBody && headers.get("content-length")) || "") + "\n" +
    // Cloudflare rewrites the header; the client's own stands beside it.
    (request.cf?.clientAcceptEncoding ?? headers.get("accept-encoding") ?? "") + "\n" +
    (headers.get("if-none-match") ?? "") + "\n" +
    (headers.get("if-modified-since") ?? "") + "\n" +
    (headers.get("range") ?? "") + "\n" +
    (headers.get("if-range") ?? "") + "\n" +
    (headers.get("cf-connecting-ip") ?? "")
  );
}

// With its path and query as fetch() will write them, whatever the host, and without a fragment.
export function canonical(url) {
  const at = url.indexOf("/", url.indexOf("//") + 2);
  if (at < 0) return url;
  const parsed = new URL("http://h" + url.slice(at));
  return url.slice(0, at) + parsed.pathname + parsed.search;
}

// A response whose headers are kept with the cache entry: only what differs per request is set. The Response
// copies the headers, so the kept object is free again when this returns. Age and lifetime change once a second, so
// most requests find them set. `epoch` is negative where there are none.
export function sendKept(body, init, correlationId, age, ttl, epoch, origin, remaining) {
  const headers = init.headers;
  if (correlationId) headers.set("x-correlation-id", correlationId);
  if (init.age !== age || init.ttl !== ttl || init.epoch !== epoch) {
    init.age = age;
    init.ttl = ttl;
    init.epoch = epoch;
    headers.set("age", age);
    if (epoch >= 0) headers.set("x-cache-ttl", ttl);
    headers.set("cache-status", "valora; hit; ttl=" + ttl + (epoch < 0 ? "" : '; detail="e=' + epoch + '"'));
  }
  if (origin) headers.set("access-control-allow-origin", origin);
  if (init.remaining !== remaining) tellRemaining(init, remaining);
  return new Response(body, init);
}

// What remains of the limits is each client's own, and not always known.
const REMAINING = ["x-ratelimit-remaining-minute", "x-ratelimit-remaining-hour", "x-ratelimit-remaining-day", "ratelimit"];

function tellRemaining(init, remaining) {
  init.remaining = remaining;
  const values = remaining?.split("\n");
  for (let i = 0; i < REMAINING.length; i += 1) {
    if (values) init.headers.set(REMAINING[i], values[i]);
    else init.headers.delete(REMAINING[i]);
  }
}

// What `sendKept` keeps. A body that is packed already is sent as it is.
export function keptInit(status, names, values) {
  return { status, headers: headersWith(null, names, values), encodeBody: "manual", age: -1, ttl: 0, epoch: -1 };
}

// Sets fields on a copy of `base`, or on new headers; names and values, one per line each.
export function headersWith(base, names, values) {
  const headers = new Headers(base ?? undefined);
  if (!names) return headers;
  const lines = values.split("\n");
  names.split("\n").forEach((name, i) => {
    // The one field whose lines cannot be joined (RFC 9110 §5.3).
    if (name === "set-cookie") headers.append(name, lines[i]);
    else headers.set(name, lines[i]);
  });
  return headers;
}

// Headers of the answers made last, with their values, by the names of their fields: most of the next answer's values
// are the same. Filling new headers takes as long as a third of a whole HIT.
const shapes = new Map();
const MAX_SHAPES = 64;

function shaped(names, values) {
  const lines = values.split("\n");
  const shape = shapes.get(names);
  if (shape === undefined) {
    const headers = headersWith(null, names, values);
    const list = names.split("\n");
    // Two fields of one name cannot be told apart later.
    if (new Set(list).size === list.length) {
      if (shapes.size >= MAX_SHAPES) shapes.clear();
      shapes.set(names, { list, headers, values: lines });
    }
    return headers;
  }
  for (let i = 0; i < lines.length; i += 1) {
    if (shape.values[i] === lines[i]) continue;
    shape.headers.set(shape.list[i], lines[i]);
    shape.values[i] = lines[i];
  }
  return shape.headers;
}

// Answers with these fields alone. The Response copies its headers, so the kept ones are free again at once.
export function respond(body, status, names, values, isEncoded) {
  return makeResponse(body, status, shaped(names, values), isEncoded);
}

// A copy of `base` without the fields named, one per line.
export function headersWithout(base, names) {
  const headers = new Headers(base);
  if (names) for (const name of names.split("\n")) headers.delete(name);
  return headers;
}

// All fields as name, value, name, value …, one per line; names in lower case.
export function listHeaders(headers) {
  const lines = [];
  for (const [name, value] of headers) lines.push(name, value);
  return lines.join("\n");
}

export function makeResponse(body, status, headers, isEncoded) {
  return new Response(body, { status, headers, encodeBody: isEncoded ? "manual" : "automatic" });
}

// The whole body, or null as soon as it is longer than `max` bytes: a length that nobody declared is counted.
export async function readBody(request, max) {
  const chunks = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > max) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

// `redirect: manual`: the origin's redirects are the client's business. `cache: no-store`: no cache but ours.
// `isRaw` leaves a packed body packed.
export function fetchOrigin(url, method, headers, body, timeoutMs, isRaw) {
  const signal = AbortSignal.timeout(timeoutMs);
  const encodeResponseBody = isRaw ? "manual" : "automatic";
  return fetch(url, { method, headers, body, redirect: "manual", cache: "no-store", signal, encodeResponseBody });
}

// The whole body as an ArrayBuffer; where it is longer than `max` bytes, a stream of it.
export async function readUpTo(response, max) {
  if (!response.body) return new ArrayBuffer(0);
  const { headers } = response;
  // Of a packed body it tells nothing: what is read is unpacked.
  const declared = headers.has("content-encoding") ? null : headers.get("content-length");
  if (declared !== null) return Number(declared) > max ? response.body : response.arrayBuffer();
  return upTo(response.body, max);
}

// A body packed, or unpacked, outside wasm memory.
export function gzip(body) {
  return new Response(new Response(body).body.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

export function gunzip(body) {
  return new Response(new Response(body).body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// Bytes `from` to `to`, that one excluded; no copy.
export function slice(body, from, to) {
  return body instanceof ArrayBuffer ? new Uint8Array(body, from, to - from) : body.subarray(from, to);
}

// One value for KV, made without the body passing through wasm memory; `body` is null where the status has none.
export function join(prefix, body) {
  if (body === null) return prefix;
  const value = new Uint8Array(prefix.length + body.byteLength);
  value.set(prefix);
  value.set(body instanceof ArrayBuffer ? new Uint8Array(body) : body, prefix.length);
  return value;
}
