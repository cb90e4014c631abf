// The one request of a flight, and whether its answer may be shared.

import * as wasm from "valora-edge";
import { upTo } from "./buffer.mjs";
import { attempt } from "./instance.mjs";

// On a call what is asked; on its answer what came of it. It ends here.
export const CALL = "x-valora-flight";

// Names and values, one per line.
export const list = (headers) => [...headers].flat().join("\n");

// A body packed by the origin stays packed.
const AS_IT_IS = { redirect: "manual", cache: "no-store", encodeResponseBody: "manual" };

// outcome: "shared" with a whole body and the names it varies by, "alone" with a stream, "failed" and why, or
// "error": a stream for the one who asked, and why all others get none.
export async function fetchOnce(env, request) {
  const [epoch, timeout] = request.headers.get(CALL).split(" ");
  const headers = new Headers(request.headers);
  headers.delete(CALL);
  // A timer of our own, because it can be cleared: one that is pending keeps the object from sleeping.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), Number(timeout));
  let outcome = "failed";
  try {
    const sentAt = Date.now();
    const response = await fetch(request.url, { ...AS_IT_IS, headers, signal: late.signal });
    const { status, headers: given } = response;
    const facts = `${sentAt} ${Date.now()} ${epoch}`;
    const terms = attempt(() => wasm.flightTerms(env, request.url, status, list(given), facts));
    const [limit, names] = terms?.split("\n") ?? [];
    const max = Number(limit ?? 0);
    const body = response.body && max > 0 ? await upTo(response.body, max) : response.body;
    if (max > 0 && !(body instanceof ReadableStream)) outcome = "shared";
    else outcome = status >= 500 ? "error" : "alone";
    const why = outcome === "error" ? "error" : undefined;
    return { outcome, why, names, status, headers: [...given], body, facts };
  } catch (error) {
    const why = error?.name === "TimeoutError" ? "timeout" : "unreachable";
    console.error(JSON.stringify({ level: "error", message: "a flight failed", why, error: String(error) }));
    return { outcome, why };
  } finally {
    // A stream has the rest of the time.
    if (outcome === "shared" || outcome === "failed") clearTimeout(timer);
  }
}
