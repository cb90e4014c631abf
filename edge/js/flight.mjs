// The object of one cache key: of all who miss it at once, one request goes to the origin (ADR 0009). What it decides
// is in the wasm; what it knows is here, as text and plain data, so that an instance's death costs nobody an answer:
// whoever cannot be told anything better goes to the origin directly. No storage, no alarm, no lasting timer.

import * as wasm from "valora-edge";
import { CALL, fetchOnce, list } from "./flight_fetch.mjs";
import { attempt } from "./instance.mjs";

const told = (what) => new Response(null, { headers: { [CALL]: what } });

function answer(how, { status, headers, body, facts }) {
  const response = new Response(body, { status, headers, encodeBody: "manual" });
  response.headers.set(CALL, `${how} ${facts}`);
  return response;
}

export class Flight {
  constructor(_, env) {
    this.env = env;
    this.forget();
  }

  forget() {
    this.desk = "";
    this.kept = undefined;
    this.landings = new Map(); // number → the leader's id, and a promise of what came of it
  }

  async fetch(request) {
    const { headers } = request;
    const [call, id, fields] = [headers.get(CALL), headers.get("x-correlation-id"), list(headers)];
    if (call === "leading?") return told([...this.landings.values()].some((one) => one.id === id) ? "yes" : "no");
    const [verdict, number, ms] = this.decide(() => wasm.flightAdmit(this.desk, fields));
    if (verdict === "kept" && this.kept) return answer("kept", this.kept);
    if (verdict === "wait" && this.landings.has(number)) return follow(this.landings.get(number).landed, ms, fields);
    if (verdict !== "lead") return told("direct");
    const landed = await this.lead(request, number, id, fields);
    return landed.outcome === "failed" ? told(landed.why) : answer("led", landed);
  }

  // The wasm's word, after which it has another desk. Where it died over it, nobody knows how far it had come.
  decide(call) {
    const said = attempt(call);
    if (said === undefined) this.forget();
    const [word, ...desk] = (said ?? "direct").split("\n");
    this.desk = desk.join("\n");
    const [verdict, number, ms, kept] = word.split(" ");
    if (this.kept?.number !== kept) this.kept = undefined;
    return [verdict, number, Number(ms)];
  }

  // Goes on to its end when the one it was begun for has left.
  async lead(request, number, id, fields) {
    const { landings } = this;
    const { promise, resolve } = Promise.withResolvers();
    landings.set(number, { id, landed: promise });
    const landed = { ...(await fetchOnce(this.env, request)), number, fields };
    landings.delete(number);
    if (landings === this.landings) {
      if (landed.outcome === "shared") this.kept = landed;
      this.decide(() => wasm.flightLand(this.desk, Number(number), landed.outcome, landed.names ?? "", fields));
    }
    resolve(landed);
    return landed;
  }
}

// What came of another one's fetch, if it comes in time and answers this request, too.
async function follow(landing, ms, fields) {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, ms, { outcome: "late" }); });
  const landed = await Promise.race([landing, late]);
  clearTimeout(timer);
  if (landed.why) return told(landed.why);
  const fits = () => wasm.flightFits(landed.names, landed.fields, fields);
  return landed.outcome === "shared" && attempt(fits) ? answer("waited", landed) : told("direct");
}
