/**
 * Two browsers in one notebook over a relay on this machine: from a key in one to its letter in the other's document,
 * and from a click on "Run cell" in the one to the output there, when the kernel is in the other. Times of two
 * browsers are compared by their wall clocks, which are this machine's.
 */

import { startRelay } from "../../relay.mjs";
import { start } from "../../server.mjs";
import { figure } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { kernelIs, openNotebook, run } from "../notebook.mjs";
import { DIST } from "../site.mjs";
import { median, p95 } from "../statistics.mjs";

const KEYS = 60;
const RUNS = 20;
const SAMPLE_MILLIS = 20_000;
const REST_MILLIS = 40;
/** A letter that no name of a person holds: names stand at cursors. */
const LETTER = "~";
const COUNTING = "n = globals().get('n', 500000) + 1\nn";

export const about = "a key and a run in one browser, seen in another, over a relay on this machine";

export async function measure({ rounds }) {
  const { both } = await interleave(rounds, { both: measureBoth });
  const keys = both.map(({ keys }) => keys);
  const runs = both.map(({ runs }) => runs);
  return [
    figure("key to the other's document: median", { unit: "ms", rounds: keys.map(median) }),
    figure("key to the other's document: p95", { unit: "ms", rounds: keys.map(p95), value: p95(keys.flat()), atMost: 50 }),
    figure("run elsewhere to the output here: median", { unit: "ms", rounds: runs.map(median), atMost: 30 }),
    figure("run elsewhere to the output here: p95", { unit: "ms", rounds: runs.map(p95), value: p95(runs.flat()) }),
  ];
}

async function measureBoth() {
  const relay = await startRelay();
  const site = await start({ root: DIST, relay });
  try {
    return await withBrowser((host) => withBrowser((guest) => sample(site.url, host, guest)));
  } finally {
    await site.close();
    await relay.stop();
  }
}

async function sample(site, host, guest) {
  const { page: there, cells } = await openNotebook(host, site, ["#", COUNTING]);
  await kernelIs(there, "idle");
  await run(there, cells[1]);
  const here = guest.pages()[0];
  await here.goto(await share(there));
  for (const page of [there, here]) await page.locator("[data-sync=live][data-unsent='0']").waitFor();
  await here.locator(`[data-cell="${cells[1]}"][data-status=completed]`).waitFor();
  return { keys: await typed(there, here, cells[0]), runs: await ran(here, cells[1]) };
}

async function share(page) {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("button", { name: "Start sharing", exact: true }).click();
  const link = await page.getByRole("textbox", { name: "Link to edit", exact: true }).inputValue();
  await page.getByRole("button", { name: "Done", exact: true }).click();
  return link;
}

async function typed(there, here, cell) {
  await there.locator(`[data-cell="${cell}"] .cm-content`).click();
  await there.keyboard.press("ControlOrMeta+End");
  await there.evaluate(() => addEventListener("keydown", () => (window.pressed = performance.timeOrigin + performance.now()), { capture: true }));
  const millis = [];
  for (let wanted = 1; wanted <= KEYS; wanted += 1) {
    await here.evaluate(([cell, letter, wanted]) => {
      const count = () => probe.cell(cell).querySelector("[data-editor]").textContent.split(letter).length - 1;
      window.seen = probe.when(() => count() >= wanted).then((at) => performance.timeOrigin + at);
    }, [cell, LETTER, wanted]);
    await there.keyboard.press(LETTER);
    const key = await there.evaluate(() => window.pressed);
    millis.push((await within(SAMPLE_MILLIS, "a letter", here.evaluate(() => window.seen))) - key);
    await here.waitForTimeout(REST_MILLIS);
  }
  // The first ones find the way.
  return millis.slice(5);
}

async function ran(page, cell) {
  const millis = [];
  for (let at = 2; at <= RUNS + 1; at += 1) {
    const taken = page.evaluate(([cell, wanted]) => {
      const began = performance.now();
      const shown = probe.when(() => probe.outputs(cell).includes(wanted));
      probe.button("Run cell", probe.cell(cell)).click();
      return shown.then((at) => at - began);
    }, [cell, String(500000 + at)]);
    millis.push(await within(SAMPLE_MILLIS, "a run elsewhere", taken));
    await page.locator(`[data-cell="${cell}"][data-status=completed]`).waitFor();
    await page.waitForTimeout(REST_MILLIS);
  }
  return millis.slice(1);
}
