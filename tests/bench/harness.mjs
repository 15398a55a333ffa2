/**
 * What all measurements share: a browser of their own with a profile on disk, rounds in which the
 * arms take turns, and the load of the machine beside every round.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "@playwright/test";
import { CHROMIUM, FLAGS as PLAIN } from "../chromium.mjs";

const FLAGS = [
  ...PLAIN,
  "--enable-precise-memory-info",
  // Whoever asks for another host gets no answer, and the run shows it.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
];

/** Parts of the browser that act by themselves. Named in full: of two such flags only the last one counts. */
const DISABLED = ["HttpsUpgrades", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "Translate"];

/**
 * After a key, Chromium holds back the messages of workers until it has made the next frame. That
 * wait is the same for every page, half a frame on average, and hides what the page itself takes.
 */
export const PROMPT = ["DeferRendererTasksAfterInput"];

/**
 * Calls `use` with a fresh browser, without these of its features. The profile is on disk: without one, the private file system
 * would be in memory and every commit would look free.
 */
export async function withBrowser(use, without = []) {
  const profile = await mkdtemp(join(tmpdir(), "cathode-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...FLAGS, `--disable-features=${[...DISABLED, ...without].join(",")}`],
    acceptDownloads: true,
    viewport: { width: 1200, height: 900 },
  });
  try {
    context.setDefaultTimeout(90_000);
    await context.addInitScript({ path: new URL("pages/probe.js", import.meta.url).pathname });
    await settle(context.browser());
    return await use(context);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Waits until a browser that was just started has made its own surfaces, the address bar's for one: that takes it a
 * second of two processors, and whoever follows a link has a browser that is open.
 */
async function settle(browser) {
  const session = await browser.newBrowserCDPSession();
  const used = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  const until = Date.now() + 10_000;
  for (let before = await used(), still = 0; still < 3 && Date.now() < until; ) {
    await sleep(100);
    const now = await used();
    still = now - before <= 0.02 ? still + 1 : 0;
    before = now;
  }
  await session.detach();
}

/**
 * Runs the arms in turns and returns their values by arm, one per round. The order rotates, so
 * that no arm always comes first.
 *
 * @param {number} rounds
 * @param {Record<string, (round: number) => Promise<unknown>>} arms
 */
export async function interleave(rounds, arms) {
  const names = Object.keys(arms);
  const values = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round) % names.length];
      values[name][round] = await arms[name](round);
    }
    loads.push(load());
  }
  return values;
}

const loads = [];

/** Takes the loads noted since the last call. */
export const takeLoads = () => loads.splice(0);

export const load = () => Number(loadavg()[0].toFixed(2));

/** Waits until the machine is calm, but no longer than so many seconds. */
export async function calm(patience) {
  const until = Date.now() + patience * 1000;
  while (load() >= 1 && Date.now() < until) await sleep(1000);
  return load();
}

/** Fails instead of waiting for ever. */
export async function within(millis, what, promise) {
  const timer = new AbortController();
  const late = sleep(millis, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took more than ${millis / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
