// The objects of class Flight as their callers see them; edge/src/flight/js.rs declares these.

const HEADER = "x-valora-flight";
const object = (namespace, name) => namespace.get(namespace.idFromName(name));

// The request as it goes to the origin, and beside it what is asked of the object. Redirects are the client's business.
export function callFlight(namespace, name, url, headers, call) {
  const all = new Headers(headers);
  all.set(HEADER, call);
  return object(namespace, name).fetch(url, { headers: all, redirect: "manual" });
}

// The answer to a call. One that does not come within `waitMs`, the time of those who wait for another, is waited for
// further, at most `restMs`, only if the object says that it is fetching for this very request.
export async function awaitFlight(calling, namespace, name, correlationId, waitMs, objectMs, restMs) {
  const answer = await within(waitMs + objectMs, calling);
  if (answer) return answer;
  const headers = { [HEADER]: "leading?", "x-correlation-id": correlationId };
  const leading = object(namespace, name).fetch("https://flight/", { headers });
  // Its answer may have come meanwhile.
  const next = await within(objectMs, Promise.race([calling, leading.then((said) => said.headers.get(HEADER))]));
  const last = next === "yes" ? await within(restMs, calling) : next;
  if (!(last instanceof Response)) throw new Error("the object is slow");
  return last;
}

// Nothing when the time is over first; what comes then is nobody's concern.
async function within(ms, promise) {
  let timer;
  const over = new Promise((resolve) => { timer = setTimeout(resolve, ms); });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

// The origin's answer as it was.
export function opened(answer) {
  const headers = new Headers(answer.headers);
  headers.delete(HEADER);
  return new Response(answer.body, { status: answer.status, headers });
}
