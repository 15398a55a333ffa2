/**
 * From the press of Shift+Enter to the new value in the document, with a warm kernel: 30 sums
 * that differ, each typed right before, so that flushing the text is part of it; the key is pressed once
 * the text is on the screen, as a person does, so that drawing it is not part of it. The raw arm has no
 * store, no sandbox and no notebook. Both are measured in a browser that does not hold back
 * messages after a key (see PROMPT in harness.mjs), and in one as it is shipped, which does.
 */

import { figure, ratio } from "../figure.mjs";
import { interleave, PROMPT, withBrowser, within } from "../harness.mjs";
import { diagnostics, kernelIs, openNotebook, run, saved } from "../notebook.mjs";
import { median, p95 } from "../statistics.mjs";
import { decode } from "../../cbor.mjs";

const SAMPLES = 30;
const SAMPLE_MILLIS = 20_000;
const REST_MILLIS = 60;

export const about = "Shift+Enter to the output of a sum in the document, warm kernel";

export async function measure({ site, rounds }) {
  const arms = await interleave(rounds, {
    cathode: () => withBrowser((context) => cathodeArm(context, site), PROMPT),
    raw: () => withBrowser((context) => rawArm(context, site), PROMPT),
    shippedCathode: () => withBrowser((context) => cathodeArm(context, site)),
    shippedRaw: () => withBrowser((context) => rawArm(context, site)),
  });
  const { cathode } = arms;
  return [
    ...figures("", cathode, { atMost: 8 }, { atMost: 20 }),
    ...STEPS.map((name, step) => figure(`  ${name}`, { unit: "ms", rounds: cathode.map(({ parts }) => median(parts.map((part) => part[step]))) })),
    figure("  a commit, as the worker times it", { unit: "ms", rounds: cathode.map(({ commits }) => median(commits)) }),
    ...figures("raw ", arms.raw),
    ratio("median against raw", medians(cathode), medians(arms.raw)),
    ...figures("browser as shipped: ", arms.shippedCathode),
    ...figures("browser as shipped: raw ", arms.shippedRaw),
    ratio("browser as shipped: median against raw", medians(arms.shippedCathode), medians(arms.shippedRaw)),
  ];
}

const STEPS = ["key → command posted", "→ requested, committed, shown", "→ executing shown", "→ output received", "→ in the document"];

const medians = (arm) => arm.map(({ millis }) => median(millis));

function figures(prefix, arm, medianGoal = {}, p95Goal = {}) {
  return [
    figure(`${prefix}median`, { unit: "ms", rounds: medians(arm), ...medianGoal }),
    figure(`${prefix}p95`, { unit: "ms", rounds: arm.map(({ millis }) => p95(millis)), value: p95(arm.flatMap(({ millis }) => millis)), ...p95Goal }),
  ];
}

/** Sums whose values have one length and occur nowhere else in the page. */
const sums = Array.from({ length: SAMPLES + 1 }, (_, at) => ({ source: `${41000 + at * 37}+${500000 + at}`, value: String(541000 + at * 38) }));

async function cathodeArm(context, site) {
  const { page, cells, id } = await openNotebook(context, site.app, sums.map(() => "").concat("0"));
  await kernelIs(page, "idle");
  await run(page, cells.at(-1));
  await page.locator(`[data-cell="${cells[0]}"] .cm-content`).click();
  const [millis, parts] = [[], []];
  for (const [at, { source, value }] of sums.entries()) {
    if (at > 0) await page.keyboard.press("Enter");
    await page.locator(`[data-cell="${cells[at]}"] .cm-content`).waitFor();
    await page.waitForFunction((id) => document.activeElement?.closest("[data-cell]")?.dataset.cell === id && document.activeElement.closest(".cm-content"), cells[at]);
    await page.keyboard.insertText(source);
    await drawn(page);
    await page.evaluate(([cell, wanted]) => {
      probe.log();
      window.shown = probe.when(() => probe.outputs(cell).includes(wanted));
    }, [cells[at], value]);
    await page.keyboard.press("Shift+Enter");
    const sample = await within(SAMPLE_MILLIS, `the output of ${source}`, page.evaluate(async () => {
      const at = await window.shown;
      return { key: probe.key, at, ...probe.messages() };
    }));
    await page.locator(`[data-cell="${cells[at]}"][data-status=completed]`).waitFor();
    await saved(page);
    await page.waitForTimeout(REST_MILLIS);
    // The first one warms the path itself.
    if (at === 0) continue;
    millis.push(sample.at - sample.key);
    parts.push(stepsOf(sample));
  }
  const { commits } = await diagnostics(context, site.app, id);
  return { millis, parts, commits };
}

/** Waits until what changed is on the screen: the frame after the one that shows it has begun. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));

/** The times between the messages on the way, from a log of the store worker's port. */
function stepsOf({ key, at, sent, received }) {
  const says = (list, test) => list.find(({ bytes, at: when }) => when >= key && bytes && test(decode(Uint8Array.from(bytes))))?.at ?? NaN;
  const changes = (message, test) => (message.Changed?.changes ?? []).some(test);
  const marks = [
    key,
    says(sent, (message) => message.Command?.command?.RunCells),
    says(received, (message) => changes(message, (change) => change.Execution?.status === "Pending")),
    says(received, (message) => changes(message, (change) => change.Execution?.status?.Executing)),
    says(received, (message) => changes(message, (change) => change.Output ?? change.StreamAppended)),
    at,
  ];
  return marks.slice(1).map((mark, step) => mark - marks[step]);
}

async function rawArm(context, site) {
  const page = context.pages()[0];
  await page.goto(`${site.bench}raw.html`);
  await page.locator("[data-status=ready]").waitFor({ state: "attached" });
  const millis = [];
  for (const [at, { source, value }] of sums.entries()) {
    await page.locator("#source").fill(source);
    await drawn(page);
    await page.evaluate((wanted) => (window.shown = probe.when(() => probe.outputs("raw").includes(wanted))) && undefined, value);
    await page.keyboard.press("Shift+Enter");
    const taken = await within(SAMPLE_MILLIS, `the raw output of ${source}`, page.evaluate(async () => (await window.shown) - probe.key));
    if (at > 0) millis.push(taken);
    await page.waitForTimeout(REST_MILLIS);
  }
  return { millis };
}
