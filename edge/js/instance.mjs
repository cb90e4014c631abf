// The wasm instance and its death.
//
// A panic in the Worker is a trap: the instance it happened in is lost, with all requests that were in it. A fresh one
// takes over.

import * as wasm from "valora-edge";

// One callback for each request that waits in the present instance. Data only: calling one wakes a promise
// of another request, whose continuation workerd then runs in that request's own context.
export const waiting = new Set();

// True when even the fresh instance could not start; the next request tries again.
let lost = false;

export function replaceInstance(cause) {
  console.error("the wasm instance died; a fresh one takes over", cause?.stack ?? cause);
  // At once and not at the next request: until then a timer of another request could call into the dead
  // instance, and wasm-bindgen would lead that call, with the old instance's pointers, into the new one.
  // After the reset it refuses calls from the old one.
  lost = true;
  try {
    wasm.__wbg_reset_state();
    lost = false;
  } catch (error) {
    console.error("no fresh instance", error);
  }
  for (const giveUp of waiting) giveUp();
  waiting.clear();
}

// Before any call of the wasm.
export function ensureInstance() {
  if (lost) replaceInstance("the last attempt failed");
}

// What the wasm says; nothing where it dies over it.
export function attempt(call) {
  try {
    ensureInstance();
    return call();
  } catch (error) {
    replaceInstance(error);
    return undefined;
  }
}

// An exception that left the wasm, whatever it was, left it half-way: destructors have not run. Only the
// refusal of a call from an instance already replaced is harmless.
const isRefusal = (error) => String(error?.message).startsWith("Cannot invoke closure from previous");

// A death inside an asynchronous step surfaces only here: nobody calls that step who could catch it.
addEventListener("error", (event) => {
  if (!isRefusal(event.error)) replaceInstance(event.error);
});
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof WebAssembly.RuntimeError) replaceInstance(event.reason);
});
