/**
 * What work leaves behind: the database after an hour of steady use, what is left of a long history once it is a
 * snapshot, how long a notebook takes to open with ever more history, and what is no event at all. Natively with the
 * real store on a file, and in Chromium with the site's own store.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRelay } from "../../relay.mjs";
import { start } from "../../server.mjs";
import { figure, ratio } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { buildExample, run } from "../native.mjs";
import { diagnostics, kernelIs, openNotebook, saved } from "../notebook.mjs";
import { DIST } from "../site.mjs";
import { median } from "../statistics.mjs";

const NATIVE = [1_000, 10_000, 100_000, 1_000_000];
const IN_CHROMIUM = [1_000, 10_000, 100_000];
const OPENINGS = 5;
const STORE_MILLIS = 300_000;
/** The store comes to rest two seconds after its last commit. */
const REST_MILLIS = 4_000;
const STEPS = 200;
const IDLE_MILLIS = 20_000;
const SLOPE = { atMost: 0.2 };

export const about = "what work leaves behind: events, bytes, and the time to open";

export async function measure({ site, rounds }) {
  const program = await buildExample("store", "growth");
  const folder = await mkdtemp(join(tmpdir(), "cathode-growth-"));
  try {
    const made = {};
    for (const events of NATIVE) made[events] = await run(program, ["make", file(folder, events), events]);
    const measured = await interleave(rounds, {
      hour: () => inFolder((folder) => run(program, ["hour", folder])),
      small: () => inFolder((folder) => run(program, ["compacted", folder, 20, 10_000])),
      large: () => inFolder((folder) => run(program, ["compacted", folder, 1_000, 10_000])),
      atRest: () => openings(program, folder, "rest"),
      killed: () => openings(program, folder, "work"),
      chromium: () => withBrowser((context) => inChromium(context.pages()[0], site)),
      company: () => within(STORE_MILLIS, "two browsers", inCompany()),
    });
    return figures(measured, made);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const file = (folder, events) => join(folder, `${events}.db`);

async function inFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), "cathode-growth-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How long each database takes to open: the median of a few times. */
async function openings(program, folder, how) {
  const taken = {};
  for (const events of NATIVE) {
    const millis = [];
    for (let time = 0; time < OPENINGS; time += 1) millis.push((await run(program, ["open", file(folder, events), how])).millis);
    taken[events] = median(millis);
  }
  return taken;
}

/** The same in the browser: the log is filled up to each number, and the worker is ended and started again. */
async function inChromium(page, site) {
  await page.goto(`${site.bench}store.html`);
  await page.waitForFunction(() => window.isReady);
  const work = async () => {
    const taken = { atRest: {}, killed: {}, bytes: {} };
    await page.evaluate(() => openStore());
    for (const events of IN_CHROMIUM) {
      const groups = Math.ceil((events - (await page.evaluate(() => sizes())).events) / 100);
      await page.evaluate((groups) => commitInGroups(groups, 100), groups);
      taken.killed[events] = await page.evaluate(() => openStoreAgain());
      await page.evaluate(() => commitSingly(1));
      await page.waitForTimeout(REST_MILLIS);
      const millis = [];
      for (let time = 0; time < OPENINGS; time += 1) millis.push(await page.evaluate(() => openStoreAgain()));
      taken.atRest[events] = median(millis);
      taken.bytes[events] = (await page.evaluate(() => sizes())).bytes;
    }
    return taken;
  };
  return within(STORE_MILLIS, "filling and opening the store", work());
}

/** Two browsers in one notebook, of which nobody changes anything: what moves is the cursor, and time passes. */
async function inCompany() {
  const relay = await startRelay();
  const site = await start({ root: DIST, relay });
  try {
    return await withBrowser((host) => withBrowser((guest) => events(site.url, host, guest)));
  } finally {
    await site.close();
    await relay.stop();
  }
}

async function events(app, host, guest) {
  const { page: there, cells, id } = await openNotebook(host, app, ["one = 1\ntwo = 2\nthree = 3", "#"]);
  await kernelIs(there, "idle");
  await there.getByRole("button", { name: "Share", exact: true }).click();
  await there.getByRole("button", { name: "Start sharing", exact: true }).click();
  const link = await there.getByRole("textbox", { name: "Link to edit", exact: true }).inputValue();
  await there.getByRole("button", { name: "Done", exact: true }).click();
  const here = guest.pages()[0];
  await here.goto(link);
  for (const page of [there, here]) await page.locator("[data-sync=live][data-unsent='0']").waitFor();
  const before = await settled(host, app, id);
  for (const page of [there, here]) await page.locator(`[data-cell="${cells[0]}"] .cm-content`).click();
  for (let step = 0; step < STEPS; step += 1) {
    for (const page of [there, here]) await page.keyboard.press(["ArrowDown", "ArrowRight", "Shift+ArrowRight", "ArrowUp"][step % 4]);
  }
  await there.waitForTimeout(IDLE_MILLIS);
  await saved(there);
  return (await diagnostics(host, app, id)).events - before;
}

/** Returns how many events there are once that has not changed for a while: what a browser begins with has come. */
async function settled(context, app, id) {
  let [before, now] = [-1, 0];
  while (before !== now) {
    [before, now] = [now, (await diagnostics(context, app, id)).events];
    await context.pages()[0].waitForTimeout(REST_MILLIS);
  }
  return now;
}

function figures({ hour, small, large, atRest, killed, chromium, company }, made) {
  const native = (arm, events) => figure(`  with ${events} events`, { unit: "ms", rounds: arm.map((round) => round[events]), note: `${made[events].databaseBytes} bytes` });
  const browser = (key, events) => figure(`  with ${events} events`, { unit: "ms", rounds: chromium.map((round) => round[key][events]), note: `${chromium[0].bytes[events]} bytes` });
  const slopes = (name, sizes, rounds) => figure(name, { unit: "", rounds: rounds.map((round) => slope(sizes.map((events) => [events, round[events]]))), ...SLOPE });
  const value = (arm, key) => arm.map((round) => round[key]);
  const [{ keys, runs }] = hour;
  return [
    figure("events of cursors, presence and time, two browsers", { unit: "", rounds: company, atMost: 0, note: `${STEPS} cursor moves in each, ${IDLE_MILLIS / 1000} s without one` }),
    figure("database after an hour", { unit: "B", rounds: value(hour, "databaseBytes"), atMost: 2e6, note: `${keys} keys, ${runs} runs` }),
    figure("  events", { unit: "", rounds: value(hour, "events") }),
    figure("  of that the events themselves", { unit: "B", rounds: value(hour, "eventBytes") }),
    figure("  at most while it was written, with its journal", { unit: "B", rounds: value(hour, "withJournalBytes") }),
    figure("compacted, 1,000 cells: live state", { unit: "B", rounds: value(large, "liveBytes") }),
    figure("  database of a device that comes then", { unit: "B", rounds: value(large, "databaseBytes") }),
    ratio("  against the live state", value(large, "databaseBytes"), value(large, "liveBytes"), { atMost: 3 }),
    figure("compacted, 20 cells: live state", { unit: "B", rounds: value(small, "liveBytes") }),
    figure("  database of a device that comes then", { unit: "B", rounds: value(small, "databaseBytes"), note: "at least one page of 16 KiB for each table and index" }),
    slopes("native opening, at rest: log-log slope", NATIVE, atRest),
    ...NATIVE.map((events) => native(atRest, events)),
    slopes("native opening, after a kill: log-log slope", NATIVE, killed),
    ...NATIVE.map((events) => native(killed, events)),
    slopes("opening in Chromium, at rest: log-log slope", IN_CHROMIUM, value(chromium, "atRest")),
    ...IN_CHROMIUM.map((events) => browser("atRest", events)),
    slopes("opening in Chromium, after a kill: log-log slope", IN_CHROMIUM, value(chromium, "killed")),
    ...IN_CHROMIUM.map((events) => browser("killed", events)),
  ];
}

/** The slope of the line through the logarithms, by least squares. */
function slope(points) {
  const logs = points.map((point) => point.map(Math.log10));
  const mean = (at) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  return logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
