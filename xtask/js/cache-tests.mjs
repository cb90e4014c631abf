// Drives http-tests/cache-tests, whose folder is the second argument, in both of its layouts: that of the npm package
// 0.4.5 and that of later checkouts.
//
//   node cache-tests.mjs serve SUITE PORT       its server, until standard input closes
//   node cache-tests.mjs judge SUITE RESULTS    its own verdict over what its client wrote, one object a test
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [command, folder, argument] = process.argv.slice(2)
const suite = resolve(folder)
const load = (...paths) => import(pathToFileURL(paths.map((path) => join(suite, path)).find(existsSync)))

async function serve(port) {
  // It reads its settings as npm hands them to scripts.
  Object.assign(process.env, { npm_config_protocol: 'http', npm_config_port: port, npm_config_pidfile: 'server.pid' })
  // One request a connection: some answers are longer than their Content-Length says, and what is left over would be
  // taken for the answer to whatever request uses the connection next.
  const { createServer } = http
  http.createServer = (...given) =>
    createServer(...given).prependListener('request', (_, response) => (response.shouldKeepAlive = false))
  // Whoever started us may die without a word.
  process.stdin.resume().on('end', () => process.exit())
  await load('test-engine/server/server.mjs', 'server/server.mjs')
}

async function judge(file) {
  const { default: suites } = await load('tests/index.mjs')
  const { determineTestResult } = await load('test-engine/lib/results.mjs', 'lib/display.mjs')
  const results = JSON.parse(readFileSync(file))
  const verdicts = suites.flatMap(({ id: suite, tests }) =>
    tests.map((test) => ({
      suite,
      id: test.id,
      kind: test.kind ?? 'required',
      symbol: determineTestResult(suites, test.id, results)[2],
      // What went wrong, beside its class; nothing where it passed or was not run.
      detail: Array.isArray(results[test.id]) ? String(results[test.id][1]) : '',
    })),
  )
  console.log(JSON.stringify(verdicts))
}

await (command === 'serve' ? serve(argument) : judge(argument))
