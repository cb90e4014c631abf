// The few things that are cheaper said in JavaScript than through wasm-bindgen's generic bindings. On a HIT
// each is called once at most; edge/src/js.rs declares them.

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
    ((hasBody && headers.get("content-length")) || "")
  );
}

// A response whose headers are kept with the cache entry: only what differs per request is set. The Response
// copies the headers, so the kept object is free again when this returns.
export function sendKept(body, init, correlationId, age, origin) {
  const headers = init.headers;
  headers.set("x-correlation-id", correlationId);
  headers.set("age", age);
  if (origin) headers.set("access-control-allow-origin", origin);
  return new Response(body, init);
}

// Sets `pairs` (name, value, name, value …, one per line) on a copy of `base`, or on new headers.
export function headersWith(base, pairs) {
  const headers = new Headers(base ?? undefined);
  if (pairs) {
    const lines = pairs.split("\n");
    for (let i = 0; i + 1 < lines.length; i += 2) headers.set(lines[i], lines[i + 1]);
  }
  return headers;
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

export function makeResponse(body, status, headers) {
  return new Response(body, { status, headers });
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
export function fetchOrigin(url, method, headers, body, timeoutMs) {
  const signal = AbortSignal.timeout(timeoutMs);
  return fetch(url, { method, headers, body, redirect: "manual", cache: "no-store", signal });
}

// One value for KV, made without the body passing through wasm memory.
export function join(prefix, body) {
  const value = new Uint8Array(prefix.length + body.byteLength);
  value.set(prefix);
  value.set(new Uint8Array(body), prefix.length);
  return value;
}

export function kvGet(namespace, key) {
  return namespace.get(key, "arrayBuffer");
}

export function kvPut(namespace, key, value, ttlSeconds) {
  return namespace.put(key, value, { expirationTtl: ttlSeconds });
}
