#!/usr/bin/env node
/**
 * Runs the benchmarks: JSON to standard output and to tests/results/bench.json, a table to
 * standard error. A missed goal is `"met": false` and no failure; a measurement that cannot be
 * made is one. README.md says what is measured and how to read it.
 */

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { table } from "./figure.mjs";
import { CHROMIUM } from "../chromium.mjs";
import { calm, load, takeLoads, withBrowser } from "./harness.mjs";
import { serveSite } from "./site.mjs";

const NAMES = ["store", "latency", "start", "visit", "flood", "relay", "sharing", "catch-up", "growth", "trace"];
const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));
const USAGE = `Usage: node tests/bench/run.mjs [options]
  --only <name>      one measurement, may be repeated: ${NAMES.join(", ")}
  --rounds <number>  rounds of each measurement (5)
  --wait <seconds>   how long to wait for a calm machine before each measurement (60)

Environment: CATHODE_DIST (the built site, default dist), CHROMIUM.`;

function parse(words) {
  const options = { only: [], rounds: 5, wait: 60 };
  while (words.length > 0) {
    const option = words.shift();
    if (option === "--help") return console.log(USAGE) ?? process.exit();
    const value = words.shift();
    if (option === "--only" && NAMES.includes(value)) options.only.push(value);
    else if (option === "--rounds" && Number(value) >= 1) options.rounds = Math.trunc(Number(value));
    else if (option === "--wait" && Number(value) >= 0) options.wait = Number(value);
    else return console.error(`${option} ${value ?? ""}\n${USAGE}`) ?? process.exit(2);
  }
  return options;
}

const git = (...words) => {
  try {
    return execFileSync("git", words, { cwd: RESULTS, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
};

const options = parse(process.argv.slice(2));
await mkdir(RESULTS, { recursive: true });
const site = await serveSite();
const report = {
  at: new Date().toISOString(),
  commit: git("rev-parse", "HEAD"),
  changed: git("status", "--porcelain") !== "",
  browser: await withBrowser((context) => context.pages()[0].evaluate(() => navigator.userAgent)),
  node: process.version,
  machine: { processors: cpus().length, model: cpus()[0]?.model ?? null },
  rounds: options.rounds,
  results: {},
};
let failed = false;
try {
  for (const name of NAMES.filter((name) => options.only.length === 0 || options.only.includes(name))) {
    const { about, measure } = await import(`./measurements/${name}.mjs`);
    const before = await calm(options.wait);
    console.error(`${name}: ${about} (load ${before})`);
    const began = Date.now();
    const result = (report.results[name] = { about });
    try {
      result.figures = await measure({ site, rounds: options.rounds });
    } catch (error) {
      failed = true;
      result.failure = String(error.stack ?? error);
      console.error(result.failure);
    }
    result.seconds = Math.round((Date.now() - began) / 1000);
    result.load = { before, rounds: takeLoads(), after: load() };
    // The machine was busy with something else: times are then upper bounds.
    result.disturbed = before >= 1;
  }
} finally {
  await site.close();
}
const figures = Object.values(report.results).flatMap(({ figures }) => figures ?? []);
report.missed = figures.filter(({ met }) => met === false).map(({ name }) => name);
await writeFile(`${RESULTS}bench.json`, `${JSON.stringify(report, null, 2)}\n`);
console.error(`\n${table(report.results)}\n\n${CHROMIUM}; ${options.rounds} round(s); the JSON is in tests/results/bench.json`);
console.log(JSON.stringify(report));
process.exitCode = failed ? 1 : 0;
