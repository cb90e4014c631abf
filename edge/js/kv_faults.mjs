// In place of kv.mjs in the Worker of tests: a KV that fails as this isolate was told to (`spoil`).

import * as kv from "./kv.mjs";

let fault = "kv-well";
// By key, what the first read brought.
let first = new Map();

// Whether there is a fault of this name.
export function spoil(name) {
  const isKnown = ["kv-well", "kv-fail", "kv-refuse", "kv-hang", "kv-stale"].includes(name);
  if (isKnown) {
    fault = name;
    first = new Map();
  }
  return isKnown;
}

// Reads go through the real one's limit, over a namespace that behaves as told.
export function get(namespace, key) {
  return kv.get(namespace && { get: () => read(namespace, key) }, key);
}

async function read(namespace, key) {
  if (fault === "kv-fail") throw new Error("a fault provoked by a test");
  if (fault === "kv-hang") return new Promise(() => {});
  const value = await namespace.get(key, "arrayBuffer");
  // As another place may see it for a minute; an absence, too.
  if (fault !== "kv-stale") return value;
  if (!first.has(key)) first.set(key, value);
  return first.get(key);
}

export async function put(namespace, key, value, ttlSeconds) {
  if (fault === "kv-hang") return new Promise(() => {});
  if (fault === "kv-fail" || fault === "kv-refuse") throw new Error("KV PUT failed: 429 Too Many Requests");
  return kv.put(namespace, key, value, ttlSeconds);
}

export const remove = kv.remove;
