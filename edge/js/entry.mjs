// The Worker's entry: hands requests to the wasm, and survives the wasm's death.
//
// Each request whose instance died (instance.mjs) is answered with 500 here. Nothing else is decided.

import * as wasm from "valora-edge";
import { get } from "valora-kv";
import { ensureInstance, replaceInstance, waiting } from "./instance.mjs";

export { Flight } from "./flight.mjs";
export { RateLimiter } from "./limiter.mjs";

// Longer than any request waits (ORIGIN_TIMEOUT_MS is a minute at most).
const LONGEST_WAIT_MS = 90_000;

// The problem for a request that nobody is left to answer, taken from the instance while it lives.
const lastResort = JSON.parse(wasm.lastResort());
const ID = /^[A-Za-z0-9._-]{8,64}$/;

function internalError(request) {
  const given = request.headers.get("x-correlation-id");
  const id = given && ID.test(given) ? given : crypto.randomUUID();
  const path = new URL(request.url).pathname;
  const problem = { ...lastResort.problem, instance: path, path, correlation_id: id };
  const headers = new Headers(lastResort.headers);
  headers.set("x-correlation-id", id);
  return new Response(JSON.stringify(problem), { status: lastResort.status, headers });
}

// A throw here is a death; a rejection later is an error that the wasm has returned.
function start(...request) {
  try {
    return wasm.fetch(...request);
  } catch (error) {
    replaceInstance(error);
    return undefined;
  }
}

// Everything that needs I/O. The promise of a request that dies in the wasm never settles by itself, so it
// races with one that `replaceInstance` settles. The wasm has parked the request under `number`, if that is one.
async function slow(request, env, ctx, number) {
  // workerd cancels a request as hung when nothing of its own is under way. A request whose wait ends just as the
  // instance dies in another one's would be cancelled before that one's call of `giveUp` has woken it.
  const alive = setTimeout(() => {}, LONGEST_WAIT_MS);
  let giveUp;
  const instanceDied = new Promise((resolve) => {
    giveUp = resolve;
  });
  waiting.add(giveUp);
  try {
    return (await Promise.race([start(request, env, ctx, number), instanceDied])) ?? internalError(request);
  } catch (error) {
    console.error("a request was refused by the wasm", error);
    return internalError(request);
  } finally {
    clearTimeout(alive);
    waiting.delete(giveUp);
  }
}

// What KV holds under a name is all that is missing, to the request of a number. No future of the wasm waits meanwhile:
// those, and a timer for them, cost as much as all the rest of such a HIT.
async function throughKv(request, env, ctx, missing) {
  const blank = missing.indexOf(" ");
  const value = await get(env.CACHE, missing.slice(blank + 1));
  try {
    ensureInstance();
    const answer = wasm.hitOfKv(Number(missing.slice(0, blank)), value);
    return answer instanceof Response ? answer : slow(request, env, ctx, answer);
  } catch (error) {
    replaceInstance(error);
    return internalError(request);
  }
}

export default {
  // Not async: a HIT from memory leaves without a promise of its own.
  fetch(request, env, ctx) {
    try {
      ensureInstance();
      const answer = wasm.hit(request);
      if (typeof answer === "string") return throughKv(request, env, ctx, answer);
      return answer instanceof Response ? answer : slow(request, env, ctx, answer);
    } catch (error) {
      replaceInstance(error);
      return internalError(request);
    }
  },
};

// The Hub's shell. What it decides is in the wasm, what it knows in SQLite, so that neither the instance's death nor
// its own loses anything: nothing is kept here but the handle of the storage.
export class Hub {
  constructor(state) {
    this.storage = state.storage;
    this.hasTables = false;
  }

  async fetch(request) {
    const call = new Uint8Array(await request.arrayBuffer());
    try {
      ensureInstance();
      const sql = this.storage.sql;
      if (!this.hasTables) {
        sql.exec(wasm.hubTables());
        this.hasTables = true;
      }
      // All of a call or nothing; whatever is thrown in it undoes what it has done.
      return new Response(this.storage.transactionSync(() => wasm.hub(sql, call)));
    } catch (error) {
      // An Error of this name is the wasm's own refusal; anything else left it half-way.
      if (error?.name === "HubError") console.error("the Hub refused a call", error.message);
      else replaceInstance(error);
      return new Response(null, { status: 500 });
    }
  }
}
