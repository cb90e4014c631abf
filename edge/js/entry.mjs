import * as wasm from "valora-edge";
export default { fetch(request, env, ctx) { return wasm.hit(request) ?? wasm.fetch(request, env, ctx); } };
