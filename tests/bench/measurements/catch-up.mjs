/**
 * A fresh browser opens the link of a notebook that has a long history on the relay: from the navigation to all of it
 * on the page. The relay is a real one; a native program has filled it with events of steady use, each really made,
 * sealed and pushed, and puts snapshots there as the app does, or none.
 */

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start as startWorkerd } from "../../../sync-worker/workerd.mjs";
import { start as serve } from "../../server.mjs";
import { figure, ratio } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { buildExample, run } from "../native.mjs";
import { DIST } from "../site.mjs";

const OPEN_MILLIS = 90_000;
const HISTORIES = {
  little: [1, 200, "log"],
  log10k: [2, 10_000, "log"],
  log100k: [3, 100_000, "log"],
  snapshot10k: [4, 10_000, "snapshots"],
  snapshot1M: [5, 1_000_000, "snapshots"],
};

export const about = "a fresh browser opens a shared notebook with a long history";

export async function measure({ rounds }) {
  const program = await buildExample("conformance", "history");
  const root = await mkdtemp(join(tmpdir(), "cathode-history-"));
  try {
    const made = {};
    for (const [name, words] of Object.entries(HISTORIES)) made[name] = await fill(program, join(root, name), words);
    const arms = Object.keys(HISTORIES).map((name) => [name, () => openAnew(join(root, name), made[name])]);
    return figures(await interleave(rounds, Object.fromEntries(arms)), made);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function figures(opened, made) {
  const values = (name, key) => opened[name].map((round) => round[key]);
  const beyond = (name) => opened[name].map((round, at) => round.shown - opened.little[at].shown);
  // The goal is held against all that a person waits for, and against what is left without the start of a page.
  const timed = (label, name, goal) => [
    figure(`link to all shown, ${label}`, { unit: "ms", rounds: values(name, "shown"), ...goal, note: describe(made[name]) }),
    figure(`relay's first word to all shown, ${label}`, { unit: "ms", rounds: values(name, "caughtUp"), ...goal }),
    figure("  link to all shown, more than with 200 events", { unit: "ms", rounds: beyond(name) }),
  ];
  const ofLiveState = (name) => opened[name].map(({ bytes }) => bytes / made[name].liveBytes);
  return [
    figure("link to all shown, 200 events", { unit: "ms", rounds: values("little", "shown"), note: describe(made.little) }),
    figure("relay's first word to all shown, 200 events", { unit: "ms", rounds: values("little", "caughtUp") }),
    ...timed("10,000 events replayed", "log10k", { atMost: 500 }),
    ...timed("100,000 events replayed", "log100k", { atMost: 4000 }),
    ...timed("10,000 events behind a snapshot", "snapshot10k", { atMost: 1000 }),
    figure("  bytes from the relay against the live state", { unit: "×", rounds: ofLiveState("snapshot10k") }),
    ...timed("1,000,000 events behind a snapshot", "snapshot1M", { atMost: 1000 }),
    figure("  bytes from the relay against the live state", { unit: "×", rounds: ofLiveState("snapshot1M") }),
    ratio("link to all shown, 1,000,000 against 10,000", values("snapshot1M", "shown"), values("snapshot10k", "shown"), { atMost: 1.3 }),
    ratio("relay's first word to all shown, 1,000,000 against 10,000", values("snapshot1M", "caughtUp"), values("snapshot10k", "caughtUp"), { atMost: 1.3 }),
  ];
}

const describe = ({ events, sealedBytes, liveBytes, seconds }) =>
  `${events} events, ${sealedBytes} sealed bytes, ${liveBytes} bytes of live state; pushed in ${seconds.toFixed(1)} s`;

/** Fills a relay of its own. */
async function fill(program, storage, [secret, events, kind]) {
  const relay = await startWorkerd({ storage, log: "ignore" });
  try {
    return await run(program, [relay.port, secret, events, kind]);
  } finally {
    await relay.stop();
  }
}

/** Follows the link with a fresh browser, on a copy of the relay's storage: who may write also puts snapshots. */
async function openAnew(filled, { notebook, fragment, title, cells }) {
  const storage = await mkdtemp(join(tmpdir(), "cathode-relay-"));
  await cp(filled, storage, { recursive: true });
  const relay = await startWorkerd({ storage, log: "ignore" });
  // The relay runs, but has not looked at this notebook.
  await (await fetch(`http://127.0.0.1:${relay.port}/health`)).text();
  let openedAt;
  let bytes = 0;
  const used = () => (openedAt ??= performance.timeOrigin + performance.now());
  const site = await serve({ root: DIST, relay: { port: relay.port, used, said: (part) => (bytes += part) } });
  try {
    return await withBrowser(async (context) => {
      const page = context.pages()[0];
      await page.goto(`${site.url}?notebook=${notebook}#${fragment}`, { waitUntil: "commit" });
      const shown = await within(OPEN_MILLIS, "catching up", page.evaluate(({ title, cells }) => {
        const isHere = () => document.title.startsWith(title) && document.querySelector("[data-sync=live]");
        return probe.when(() => isHere() && document.querySelectorAll("[data-cell]").length === cells);
      }, { title, cells }));
      const began = await page.evaluate(() => performance.timeOrigin);
      return { shown, caughtUp: began + shown - openedAt, bytes };
    });
  } finally {
    await site.close();
    await relay.kill();
    await rm(storage, { recursive: true, force: true });
  }
}
