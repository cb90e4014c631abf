// Runs one scenario in a browser: node drive.mjs CHROMIUM SCENARIO OPTIONS
//
// Prints {result, faults}. Faults are what a person with the browser's console open would see: errors, refusals by
// a policy, exceptions, requests that failed.

import { chromium } from "playwright-core";
import * as scenarios from "./scenarios.mjs";

const [executablePath, name, options] = process.argv.slice(2);
// As root Chromium starts only without its sandbox; all it opens here is our own.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  const result = await scenarios[name](page, JSON.parse(options), faults);
  console.log(JSON.stringify({ result, faults }));
} finally {
  await browser.close();
}
