// The Worker, with limiters whose clock a test puts ahead and whose alarm it lets ring: in a test nobody waits a day.
//
// `GET /__limiters?ahead=MS` puts the clock ahead, lets each limiter's alarm ring that was ever asked, and tells what
// each of them has stored then: names of values, and in how many milliseconds of that clock its alarm rings next.

import worker, { RateLimiter as Limiter } from "./index.js";

export * from "./index.js";

const now = Date.now;
let ahead = 0;
Date.now = () => now() + ahead;

const asked = new Set();

export class RateLimiter extends Limiter {
  constructor(state) {
    super(state);
    asked.add(state.id.toString());
  }

  async fetch(request) {
    if (new URL(request.url).pathname !== "/alarm") return super.fetch(request);
    // One that rings is not set any more.
    await this.storage.deleteAlarm();
    await this.alarm();
    const alarm = await this.storage.getAlarm();
    const kept = [...(await this.storage.list()).keys()];
    return Response.json({ kept, rings_in: alarm === null ? null : alarm - Date.now() });
  }
}

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname !== "/__limiters") return worker.fetch(request, env, ctx);
    ahead = Number(url.searchParams.get("ahead"));
    const told = [...asked].map(async (id) => {
      const limiter = env.RATE_LIMITER.get(env.RATE_LIMITER.idFromString(id));
      return (await limiter.fetch("https://object/alarm")).json();
    });
    return Response.json(await Promise.all(told));
  },
};
