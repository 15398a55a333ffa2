/**
 * The whole browser killed at a random moment while it commits, again and again over one profile.
 * CATHODE_KILLS and CATHODE_SEED make it longer, or the same again.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test as base, chromium, expect } from "@playwright/test";
import { verify, write } from "./claims.mjs";
import { CHROMIUM, FLAGS } from "../chromium.mjs";
import { makeProfile, serve } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

const KILLS = Number(process.env.CATHODE_KILLS ?? 50);
const SEED = Number(process.env.CATHODE_SEED ?? Date.now() % 1_000_000);
const LONGEST_MILLIS = 700;

/** A server, and `open()` for a browser over one profile; whatever still runs at the end is ended. */
const test = base.extend({
  site: async ({}, use) => {
    const site = await serve();
    await use(site.url);
    await site.close();
  },
  open: async ({}, use) => {
    const profile = await makeProfile();
    const running = new Set();
    await use(async () => {
      const browser = await startBrowser(profile.path);
      running.add(browser);
      return browser;
    });
    for (const { kill } of running) await kill();
    await profile.remove();
  },
});

/** Starts Chromium in a process group of its own, so that all of it can be killed at once. */
async function startBrowser(profile) {
  const flags = [...FLAGS, "--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
  const child = spawn(CHROMIUM, flags, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const found = /DevTools listening on (\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`Chromium ended with ${code} before it listened`)));
  });
  const browser = await chromium.connectOverCDP(address);
  const [context] = browser.contexts();
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  return { page: context.pages()[0] ?? (await context.newPage()), kill };
}

function random(seed) {
  let state = seed % 2147483647 || 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Reads the database through the diagnostics page, in a tab of its own, and lets another SQLite check it. */
async function checkIntegrity(notebook, id) {
  const page = await notebook.page.context().newPage();
  await page.goto(`${notebook.site}?notebook=${id}&view=diagnostics`);
  await expect(page.locator("[data-log] tbody tr").first()).toBeVisible();
  // A click on a link to a blob leaves no file behind with this kind of connection, so its bytes are read in the page.
  const base64 = await page.evaluate(
    () =>
      new Promise((resolve) => {
        HTMLAnchorElement.prototype.click = async function () {
          const bytes = new Uint8Array(await (await fetch(this.href)).arrayBuffer());
          let text = "";
          for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
          resolve(btoa(text));
        };
        [...document.querySelectorAll("button")].find((button) => button.textContent === "Download database").click();
      }),
  );
  const program = "import sys, sqlite3\nc = sqlite3.connect(':memory:'); c.deserialize(sys.stdin.buffer.read())\nprint(c.execute('pragma integrity_check').fetchall(), c.execute('pragma foreign_key_check').fetchall())";
  const check = spawnSync("python3", ["-c", program], { input: Buffer.from(base64, "base64"), encoding: "utf8" });
  expect(check.stdout.trim(), check.stderr).toBe("[('ok',)] []");
  await page.close();
}

test(`B4-1: ${KILLS} times SIGKILL while committing: nothing that was reported saved is missing`, async ({ site, open }) => {
  test.setTimeout(KILLS * 20_000);
  console.log(`seed ${SEED}`);
  const chance = random(SEED);
  let last;
  let claimed = 0;
  for (let round = 0; round <= KILLS; round += 1) {
    const { page, kill } = await open();
    const notebook = new NotebookPage(page, site);
    if (last) {
      await notebook.open(last.id);
      await expect(notebook.banner).toHaveCount(0);
      await verify(notebook, last.claims, `round ${round}, seed ${SEED}`);
      claimed += last.claims.cells.size;
      if (round % 10 === 0) await checkIntegrity(notebook, last.id);
    }
    if (round < KILLS) {
      // In a tab of its own: now and then Chromium's renderer crashes when a notebook's tab goes elsewhere.
      const next = new NotebookPage(await page.context().newPage(), site);
      await page.close();
      await next.create();
      const claims = await write(next.page);
      last = { id: next.id(), claims };
      await new Promise((moment) => setTimeout(moment, chance() * LONGEST_MILLIS));
    }
    await kill();
  }
  console.log(`${KILLS} kills, ${claimed} cells reported saved and found again`);
  expect(claimed).toBeGreaterThan(KILLS);
});

test("B4-15: a run that was queued when the browser was killed runs once afterwards; one that ran is lost", async ({ site, open }) => {
  let browser = await open();
  let notebook = new NotebookPage(browser.page, site);
  await notebook.create();
  await notebook.write(0, "import time\nprint('begun')\ntime.sleep(600)");
  await notebook.append("runs = globals().get('runs', 0) + 1\nruns");
  await notebook.run(0);
  await notebook.isRunning(0);
  await expect(notebook.outputs(0)).toHaveText("begun");
  await notebook.run(1);
  await notebook.hasStatus(1, "pending");
  await notebook.isSaved();
  const id = notebook.id();
  await browser.kill();

  browser = await open();
  notebook = new NotebookPage(browser.page, site);
  await notebook.open(id);
  await notebook.ends(0, "lost");
  await expect(notebook.outputs(0)).toContainText("begun");
  await notebook.ends(1, "ok");
  await expect(notebook.outputs(1)).toHaveText("1");
  await expect(notebook.count(1)).toHaveText("1");
});
