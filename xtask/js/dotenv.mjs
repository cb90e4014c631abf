// Prints what files of NAME=value lines say: node dotenv.mjs FILE... writes a JSON list with one object a file. A file that
// is not there says nothing.
//
// Node's own parser, because wrangler reads `.dev.vars` by the same rules: with others, `up` and `dev` would differ.

import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const said = process.argv.slice(2).map((file) => (existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {}));
process.stdout.write(JSON.stringify(said));
