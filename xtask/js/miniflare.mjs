// Runs the Worker in miniflare: node miniflare.mjs OPTIONS.json [--until-stdin-closes]
//
// The options come whole from xtask, which makes them from wrangler.toml. This file only starts miniflare,
// hands on what the Worker prints, and ends: on SIGTERM, or with the process that started it.

import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [file, mode] = process.argv.slice(2);
const options = JSON.parse(readFileSync(file, "utf8"));

const miniflare = new Miniflare({
  ...options,
  // Miniflare's own front door; everybody uses the direct sockets.
  host: "127.0.0.1",
  port: 0,
  handleRuntimeStdio(stdout, stderr) {
    stdout.pipe(process.stdout);
    stderr.pipe(process.stderr);
  },
});

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  try {
    await miniflare.dispose();
  } finally {
    process.exit(0);
  }
}

process.on("SIGTERM", end);
process.on("SIGINT", end);
if (mode === "--until-stdin-closes") process.stdin.resume().on("end", end).on("error", end);

await miniflare.ready;
console.log("miniflare is ready");
