// What a user would put together instead of the edge: Hono with its middleware, hono-rate-limiter over its own Durable
// Object, and a cache in KV written by hand. With a binding LIMITER it limits, without one it does not.

import { DurableObjectRateLimiter, DurableObjectStore } from "@hono-rate-limiter/cloudflare";
import { Hono } from "hono";
import { rateLimiter } from "hono-rate-limiter";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";

export { DurableObjectRateLimiter };

const LIFETIME_S = 300;
const KEPT_HEADERS = ["content-type", "etag"];

let limiter;

// Made once, not for each request as in its README: that would cost the peer more.
function limited(context, next) {
  limiter ??= rateLimiter({
    windowMs: 60_000,
    limit: 16_777_215,
    standardHeaders: "draft-7",
    keyGenerator: (c) => c.req.header("cf-connecting-ip") ?? "local",
    store: new DurableObjectStore({ namespace: context.env.LIMITER }),
  });
  return limiter(context, next);
}

async function fromOrigin(context, key) {
  const answer = await fetch(context.env.ORIGIN_URL + key);
  const body = await answer.arrayBuffer();
  const headers = {};
  for (const name of KEPT_HEADERS) if (answer.headers.has(name)) headers[name] = answer.headers.get(name);
  if (answer.status === 200) {
    const metadata = { headers, until: Date.now() + LIFETIME_S * 1_000 };
    const put = context.env.CACHE.put(`hono:${key}`, body, { metadata, expirationTtl: LIFETIME_S });
    context.executionCtx.waitUntil(put);
  }
  return context.body(body, answer.status, { ...headers, "x-cache": "MISS" });
}

const app = new Hono();

app.use(requestId());
app.use(secureHeaders());
app.use(cors({ origin: "http://localhost:5173", credentials: true }));
app.use((context, next) => (context.env.LIMITER ? limited(context, next) : next()));

app.get("*", async (context) => {
  const url = new URL(context.req.url);
  url.searchParams.sort();
  const key = url.pathname + url.search;
  const { value, metadata } = await context.env.CACHE.getWithMetadata(`hono:${key}`, "arrayBuffer");
  if (!value || metadata.until < Date.now()) return fromOrigin(context, key);
  return context.body(value, 200, { ...metadata.headers, "x-cache": "HIT" });
});

export default app;
