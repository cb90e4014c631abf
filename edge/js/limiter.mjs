// One client's rate limiter. What it decides is in the wasm; what it knows is here in memory and in the storage, written
// before an answer leaves: the runtime holds the answer back until it is.

import * as wasm from "valora-edge";
import { attempt } from "./instance.mjs";

const STATE = "state";

export class RateLimiter {
  constructor(state) {
    this.storage = state.storage;
    // Whether an alarm is set, once that is known.
    this.isWoken = undefined;
  }

  get state() {
    return (this.known ??= this.storage.kv.get(STATE) ?? new Uint8Array());
  }

  async fetch(request) {
    const call = new Uint8Array(await request.arrayBuffer());
    // No await from here to `put`: one call after the other.
    const answer = attempt(() => wasm.limiter(this.state, call));
    if (answer === undefined) return new Response(null, { status: 500 });
    const [reply, state, ends] = answer;
    if (state) {
      this.storage.kv.put(STATE, state);
      this.known = state;
      await this.wakeAt(ends);
    }
    return new Response(reply);
  }

  // One alarm, moved by itself: setting it anew at each call would be a row each.
  async wakeAt(time) {
    this.isWoken ??= (await this.storage.getAlarm()) !== null;
    if (this.isWoken) return;
    this.isWoken = true;
    // Where nothing counts, in a minute: what was stored is then deleted.
    await this.storage.setAlarm(time || Date.now() + 60_000);
  }

  // Forgets a client of whom nothing counts any more.
  async alarm() {
    const ends = attempt(() => wasm.limiterEnds(this.state)) ?? Date.now() + 60_000;
    this.isWoken = ends !== 0;
    if (ends !== 0) return this.storage.setAlarm(ends);
    this.known = undefined;
    return this.storage.deleteAll();
  }
}
