// The Hub as its callers see it, and SQLite as the Hub sees it; edge/src/js.rs declares these.

// One call. Rejects unless the Hub has answered it.
export async function callHub(namespace, name, location, call) {
  const hub = namespace.get(namespace.idFromName(name), { locationHint: location });
  const answer = await hub.fetch("https://hub/", { method: "POST", body: call });
  const reply = await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the Hub answered ${answer.status}`);
  return new Uint8Array(reply);
}

// The rows of one statement. Bindings and rows cross as JSON: one crossing each way, whatever their number, and what
// comes back is read by type. Numbers are below 2^53: times in milliseconds and counts.
export function query(sql, statement, bindings) {
  return JSON.stringify(sql.exec(statement, ...JSON.parse(bindings)).raw().toArray());
}
