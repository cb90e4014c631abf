// One call of an object that answers bytes with bytes; edge/src/js.rs declares it.

// Rejects unless the object has answered. An empty `location` leaves it to the platform where a new object is made.
export async function callObject(namespace, name, location, call) {
  const object = namespace.get(namespace.idFromName(name), location ? { locationHint: location } : {});
  const answer = await object.fetch("https://object/", { method: "POST", body: call });
  const reply = await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the object answered ${answer.status}`);
  return new Uint8Array(reply);
}
