/**
 * A cell that prints 100,000 lines, and one that never stops printing: time, frames, events,
 * memory, and whether the whole text is still there.
 */

import { readFile } from "node:fs/promises";
import { figure, ratio } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { diagnostics, download, kernelIs, openNotebook, run, saved } from "../notebook.mjs";
import { median } from "../statistics.mjs";

const LINES = 100_000;
const FLOOD = `for line in range(${LINES}): print(line)`;
const LAST = String(LINES - 1);
const STOPS = 3;
const FLOOD_MILLIS = 180_000;

export const about = "print of 100,000 lines, and the stop of one that prints for ever";

export async function measure({ site, rounds }) {
  const { cathode, raw } = await interleave(rounds, {
    cathode: () => withBrowser((context) => cathodeArm(context, site)),
    raw: () => withBrowser((context) => rawArm(context, site)),
  });
  const values = (arm, name) => arm.map((round) => round[name]);
  return [
    figure("total", { unit: "ms", rounds: values(cathode, "total"), atMost: 1000 }),
    figure("raw total", { unit: "ms", rounds: values(raw, "total") }),
    ratio("total against raw", values(cathode, "total"), values(raw, "total"), { atMost: 2 }),
    figure("  first line shown", { unit: "ms", rounds: values(cathode, "first") }),
    figure("  last line shown", { unit: "ms", rounds: values(cathode, "last") }),
    figure("  run ended", { unit: "ms", rounds: values(cathode, "completed") }),
    figure("worst frame gap", { unit: "ms", rounds: values(cathode, "gap"), atMost: 100 }),
    figure("raw worst frame gap", { unit: "ms", rounds: values(raw, "gap") }),
    figure("events in the log", { unit: "", rounds: values(cathode, "events"), atMost: 100 }),
    figure("page memory growth", { unit: "MB", rounds: values(cathode, "memory"), atMost: 50, note: "measureUserAgentSpecificMemory: scripts, wasm and DOM of the page and its workers" }),
    figure("renderers' resident memory growth", { unit: "MB", rounds: values(cathode, "resident"), note: "all renderer processes, Python's sandbox included" }),
    figure("characters missing from the whole text", { unit: "", rounds: values(cathode, "missing"), atMost: 0 }),
    figure("stop of `while True: print(1)`", { unit: "ms", rounds: values(cathode, "stop"), atMost: 200 }),
    figure("worst frame gap of `while True: print(1)`", { unit: "ms", rounds: values(cathode, "endlessGap") }),
  ];
}

async function cathodeArm(context, site) {
  const { page, cells, id } = await openNotebook(context, site.app, ["1", FLOOD, "while True: print(1)"]);
  const [warm, flood, endless] = cells;
  await kernelIs(page, "idle");
  await run(page, warm);
  await saved(page);
  const before = await diagnostics(context, site.app, id);
  await page.bringToFront();
  const [memory, resident] = [await memoryOf(page), await residentOf(context)];
  const times = await within(FLOOD_MILLIS, "the flood", page.evaluate(async ([id, lastLine]) => {
    const cell = probe.cell(id);
    const frames = probe.frames();
    const began = performance.now();
    probe.button("Run cell", cell).click();
    const outputs = () => cell.querySelector("[data-outputs]");
    const first = probe.when(() => outputs().textContent !== "");
    const completed = probe.when(() => cell.dataset.status === "completed");
    // Only the end of the text is looked at: reading all of it at every change would be the measurement.
    const end = () => {
      const texts = outputs().querySelectorAll("pre");
      return texts.length ? texts[texts.length - 1].textContent.slice(-12).trimEnd() : "";
    };
    const last = await probe.when(() => end().endsWith(lastLine));
    const millis = { first: (await first) - began, last: last - began, completed: (await completed) - began };
    return { ...millis, total: Math.max(millis.last, millis.completed), gap: frames() };
  }, [flood, LAST]));
  await saved(page);
  const grown = { memory: (await memoryOf(page)) - memory, resident: (await residentOf(context)) - resident };
  const after = await diagnostics(context, site.app, id);
  await page.bringToFront();
  const missing = Math.abs(wholeText(await download(page), FLOOD).length - expectedLength());
  const stops = [];
  let endlessGap = 0;
  for (let time = 0; time < STOPS; time += 1) {
    const { stop, gap } = await within(FLOOD_MILLIS, "the stop", page.evaluate(stopEndless, endless));
    stops.push(stop);
    endlessGap = Math.max(endlessGap, gap);
    await saved(page);
  }
  return { ...times, ...grown, missing, events: after.events - before.events, stop: median(stops), endlessGap };
}

/** Runs in the page: lets the cell print for a second, then presses Interrupt. */
async function stopEndless(id) {
  const cell = probe.cell(id);
  probe.button("Run cell", cell).click();
  await probe.when(() => cell.dataset.status === "executing");
  const frames = probe.frames();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const began = performance.now();
  probe.button("Interrupt").click();
  const ended = await probe.when(() => cell.dataset.status === "completed");
  return { stop: ended - began, gap: frames() };
}

const expectedLength = () => Array.from({ length: LINES }, (_, line) => String(line).length + 1).reduce((a, b) => a + b);

function wholeText(notebook, source) {
  const cell = notebook.cells.find((one) => [one.source].flat().join("") === source);
  return cell.outputs.filter(({ name }) => name === "stdout").map(({ text }) => [text].flat().join("")).join("");
}

async function memoryOf(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("HeapProfiler.collectGarbage");
  await cdp.detach();
  return (await page.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes)) / 1e6;
}

/** Sums what all renderer processes hold; only the system that has /proc can tell. */
async function residentOf(context) {
  const cdp = await context.browser().newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const statuses = await Promise.all(renderers.map(({ id }) => readFile(`/proc/${id}/status`, "utf8").catch(() => "")));
  return statuses.reduce((total, status) => total + Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? NaN) * 1024, 0) / 1e6;
}

async function rawArm(context, site) {
  const page = context.pages()[0];
  await page.goto(`${site.bench}raw.html`);
  await page.locator("[data-status=ready]").waitFor({ state: "attached" });
  await page.evaluate(() => runRaw("print(1)"));
  await page.locator("[data-status=completed]").waitFor({ state: "attached" });
  return within(FLOOD_MILLIS, "the raw flood", page.evaluate(async ([code, lastLine]) => {
    const frames = probe.frames();
    const began = performance.now();
    runRaw(code);
    const outputs = document.querySelector("[data-outputs]");
    const end = () => outputs.lastChild?.textContent.slice(-12).trimEnd() ?? "";
    const last = await probe.when(() => probe.cell("raw").dataset.status === "completed" && end().endsWith(lastLine));
    return { total: last - began, gap: frames() };
  }, [FLOOD, LAST]));
}
