/**
 * How long Python takes to be there: a restart of the kernel with its bytes in memory against a
 * plain `loadPyodide` in a worker on the same page, and a saved notebook from the opening of its
 * page to the output of its first run.
 */

import { figure, ratio } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { kernelIs, openNotebook, run, saved } from "../notebook.mjs";
import { median } from "../statistics.mjs";
import { decode } from "../../cbor.mjs";

const TIMES = 3;
const START_MILLIS = 90_000;
/** Its output differs every time, and tells whether it is of this page or was saved by an earlier one. */
const CLOCK = "import time; time.time_ns()";

export const about = "the kernel's start from its snapshot, and a saved notebook's first output";

export async function measure({ site, rounds }) {
  // Both arms share one page, so a round is one browser.
  const { both } = await interleave(rounds, { both: (round) => withBrowser((context) => oneRound(context, site, round)) });
  const values = (name) => both.map((round) => median(round[name]));
  const steps = [...new Set(both.flatMap(({ steps }) => Object.keys(steps)))];
  return [
    figure("restart to first output", { unit: "ms", rounds: values("restarts") }),
    figure("plain loadPyodide to first value", { unit: "ms", rounds: values("plain") }),
    ratio("restart against plain", values("restarts"), values("plain"), { atMost: 0.15 }),
    ...steps.map((name) => figure(`  ${name}`, { unit: "ms", rounds: both.map(({ steps }) => median(steps[name] ?? [])) })),
    figure("page open to first output, all cached", { unit: "ms", rounds: values("openings"), atMost: 1000 }),
    figure("  cell shown", { unit: "ms", rounds: values("shown") }),
    figure("  kernel asked for", { unit: "ms", rounds: values("asked") }),
    figure("  kernel's frame has its files", { unit: "ms", rounds: values("fetched") }),
    figure("  kernel idle or busy", { unit: "ms", rounds: values("up") }),
  ];
}

async function oneRound(context, site, round) {
  const { page, cells, id } = await openNotebook(context, site.app, [CLOCK]);
  await kernelIs(page, "idle");
  await run(page, cells[0]);
  const made = { restarts: [], plain: [], steps: {}, openings: [], shown: [], asked: [], fetched: [], up: [] };
  // One plain load beforehand, so that the browser has compiled and cached what it ever will.
  await plainLoad(page);
  for (let time = 0; time < TIMES; time += 1) {
    const arms = [() => restart(page, cells[0], made), async () => made.plain.push(await plainLoad(page))];
    if ((time + round) % 2 === 1) arms.reverse();
    for (const arm of arms) await arm();
  }
  await saved(page);
  for (let time = 0; time < TIMES; time += 1) {
    await page.goto("about:blank");
    await opening(page, `${site.app}?notebook=${id}`, cells[0], made);
    await saved(page);
  }
  return made;
}

/** Presses Restart, and Run while the kernel is away. */
async function restart(page, cell, made) {
  const { taken, began, sent, received } = await within(START_MILLIS, "a restart", page.evaluate(async (id) => {
    const before = probe.outputs(id);
    probe.log();
    const began = performance.now();
    probe.button("Restart").click();
    probe.button("Run cell", probe.cell(id)).click();
    const at = await probe.when(() => /^\d{15,}$/.test(probe.outputs(id).trim()) && probe.outputs(id) !== before);
    return { taken: at - began, began, ...probe.messages() };
  }, cell));
  made.restarts.push(taken);
  for (const [name, millis] of stepsOf(began, sent, received)) (made.steps[name] ??= []).push(millis);
  await saved(page);
  await page.waitForTimeout(300);
}

/** When each step of the start was reported, in milliseconds since the restart was asked for. */
function stepsOf(began, sent, received) {
  const steps = new Map();
  const note = (name, at) => steps.has(name) || steps.set(name, at - began);
  for (const { at, bytes } of sent) {
    const message = decode(Uint8Array.from(bytes ?? [0xc0]));
    if (message?.Kernel?.Starting) note(`${message.Kernel.Starting.step} (${message.Kernel.Starting.percent} %)`, at);
    if (message?.Kernel === "Ports") note("ports handed over", at);
  }
  for (const { at, bytes } of received) {
    const message = decode(Uint8Array.from(bytes ?? [0xc0]));
    if (message === "StartKernel") note("store asks for a kernel", at);
    if (message?.Kernel === "Idle") note("kernel idle", at);
    if (message?.Kernel === "Busy") note("kernel busy", at);
  }
  return [...steps].sort((a, b) => a[1] - b[1]);
}

/** A plain load in a new worker of the page, up to its first value. */
function plainLoad(page) {
  return within(START_MILLIS, "a plain loadPyodide", page.evaluate(() => new Promise((resolve, reject) => {
    const began = performance.now();
    const worker = new Worker(new URL("../bench/raw-worker.js", location.href), { type: "module" });
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      if (data.value !== "2") return;
      resolve(performance.now() - began);
      worker.terminate();
    };
    worker.postMessage({ indexURL: new URL("kernel/", location.href).href, first: "1+1" });
  })));
}

/** Opens the page and presses Run as soon as there is a cell; all times count from the navigation. */
async function opening(page, address, cell, made) {
  await page.goto(address, { waitUntil: "commit" });
  const times = await within(START_MILLIS, "the first output of a saved notebook", page.evaluate(async (id) => {
    const fresh = performance.timeOrigin * 1e6;
    const shown = await probe.when(() => probe.cell(id) && probe.button("Run cell", probe.cell(id)));
    probe.button("Run cell", probe.cell(id)).click();
    const state = () => document.querySelector("[data-kernel]")?.dataset.kernel;
    const asked = probe.when(() => state() !== "none");
    const up = probe.when(() => ["idle", "busy"].includes(state()));
    const output = await probe.when(() => Number(probe.outputs(id)) > fresh);
    return { output, shown, asked: await asked, up: await up, fetched: probe.given };
  }, cell));
  made.openings.push(times.output);
  for (const name of ["shown", "asked", "fetched", "up"]) made[name].push(times[name]);
}
