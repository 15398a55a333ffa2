/**
 * The site's own store worker on the browser's private file system, driven through its port:
 * events committed one by one and in groups, against a bare append to a file.
 */

import { figure, ratio } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { median, p99 } from "../statistics.mjs";

const SINGLE = 200;
const TENS = 100;
const HUNDREDS = 40;
const STORE_MILLIS = 120_000;

export const about = "the store in Chromium: commits of one event and of groups";

export async function measure({ site, rounds }) {
  const { store, floor } = await interleave(rounds, {
    store: () => withBrowser((context) => onPage(context, site, storeArm)),
    floor: () => withBrowser((context) => onPage(context, site, (page) => page.evaluate((count) => appendToFile(count), SINGLE))),
  });
  const single = store.map(({ single }) => single.millis);
  const commit = store.map(({ single }) => median(single.inWorker));
  const values = (name, key) => store.map((round) => round[name][key]);
  return [
    figure("one event, asked to done: median", { unit: "ms", rounds: single.map(median), atMost: 6 }),
    figure("one event, asked to done: p99", { unit: "ms", rounds: single.map(p99), value: p99(single.flat()), atMost: 25 }),
    figure("  of that the commit, as the worker times it", { unit: "ms", rounds: commit }),
    figure("floor: append and flush, median", { unit: "ms", rounds: floor.map(median) }),
    figure("floor: append and flush, p99", { unit: "ms", rounds: floor.map(p99), value: p99(floor.flat()) }),
    ratio("one event against the floor", single.map(median), floor.map(median)),
    figure("events per second in groups of 10", { unit: "/s", rounds: values("tens", "perSecond"), atLeast: 2500 }),
    figure("  events per commit", { unit: "", rounds: values("tens", "eventsPerCommit") }),
    figure("  a commit, as the worker times it", { unit: "ms", rounds: store.map(({ tens }) => median(tens.inWorker)) }),
    figure("events per second in groups of 100", { unit: "/s", rounds: values("hundreds", "perSecond"), atLeast: 9000 }),
    figure("  events per commit", { unit: "", rounds: values("hundreds", "eventsPerCommit") }),
    figure("  a commit, as the worker times it", { unit: "ms", rounds: store.map(({ hundreds }) => median(hundreds.inWorker.slice(-HUNDREDS))) }),
    figure("rows written per event, singly", { unit: "", rounds: values("single", "rowsPerEvent"), atMost: 2 }),
    figure("rows written per event, groups of 100", { unit: "", rounds: values("hundreds", "rowsPerEvent"), atMost: 2 }),
  ];
}

async function onPage(context, site, use) {
  const page = context.pages()[0];
  await page.goto(`${site.bench}store.html`);
  await page.waitForFunction(() => window.isReady);
  return within(STORE_MILLIS, "the store", use(page));
}

async function storeArm(page) {
  await page.evaluate(() => openStore());
  // A warm-up of each kind, not counted.
  await page.evaluate(() => commitSingly(30));
  await page.evaluate(() => commitInGroups(5, 100));
  const single = await page.evaluate((count) => commitSingly(count), SINGLE);
  const tens = await page.evaluate((count) => commitInGroups(count, 10), TENS);
  const hundreds = await page.evaluate((count) => commitInGroups(count, 100), HUNDREDS);
  return { single, tens, hundreds };
}
