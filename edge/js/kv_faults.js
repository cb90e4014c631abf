// The KV of tests, for the wasm.

export { spoil } from "valora-kv";
