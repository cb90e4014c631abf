// Workers KV for the wasm: in tests a KV that fails stands behind the name (kv_faults.mjs).

export { get, put, remove } from "valora-kv";
