// Variables and secrets for the wasm; edge/src/js.rs declares this.

// A number or a boolean in wrangler.toml stays one until here, where it is cheaper to write than with Rust's floats.
// Anything else is no setting, and its text a fault.
export function setting(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? "[object]" : String(value);
}
