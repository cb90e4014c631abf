// The objects of class Flight as their callers see them; edge/src/flight/js.rs declares these.

const HEADER = "x-valora-flight";
const object = (namespace, name) => namespace.get(namespace.idFromName(name));

// The request as it goes to the origin, and beside it what is asked of the object. Redirects are the client's business.
export function callFlight(namespace, name, url, headers, call) {
  const all = new Headers(headers);
  all.set(HEADER, call);
  return object(namespace, name).fetch(url, { headers: all, redirect: "manual" });
}

// Whether the fetch of this request is under way there.
export async function isLeading(namespace, name, correlationId) {
  const headers = { [HEADER]: "leading?", "x-correlation-id": correlationId };
  const answer = await object(namespace, name).fetch("https://flight/", { headers });
  return answer.headers.get(HEADER) === "yes";
}

// The origin's answer as it was.
export function opened(answer) {
  const headers = new Headers(answer.headers);
  headers.delete(HEADER);
  return new Response(answer.body, { status: answer.status, headers });
}
