/** No network at all: the server is closed, and the address still opens what was kept of the site. */

import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./fixtures.mjs";
import { SITE, host } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

/** An unhashed file that a page asks for late. */
const LATE = "js/katex.css";
const SECOND = "/* of the second build */";

/** Closes the tab and opens another one of the same browser. */
async function anotherTab(notebook) {
  const tab = await notebook.page.context().newPage();
  await notebook.page.close();
  return new NotebookPage(tab, notebook.site);
}

/** Returns the addresses of all that is kept, after the site's own. */
function keptFiles(notebook) {
  return notebook.page.evaluate(async (site) => {
    const caches = await Promise.all((await window.caches.keys()).map((name) => window.caches.open(name)));
    const requests = (await Promise.all(caches.map((cache) => cache.keys()))).flat();
    return requests.map(({ url }) => url.slice(site.length)).filter((path) => !path.startsWith("?client="));
  }, notebook.site);
}

/** Returns the build that the page names, and the late file as the page gets it. */
function seen(notebook) {
  return notebook.page.evaluate(async (late) => {
    const text = await fetch(late).then((response) => response.text()).catch(() => "refused");
    return { build: document.querySelector("meta[name=build]").content, late: text };
  }, LATE);
}

/** Makes another build out of a built site, as `xtask` lists it: a new style sheet, and other content under an old name. */
async function rebuild(folder) {
  const at = (name) => join(folder, name);
  const list = JSON.parse(await readFile(at("files.json"), "utf8"));
  const build = "00000000000000b2";
  const old = Object.keys(list.files).find((name) => /^main-.*\.css$/.test(name));
  const style = "main-00000000000000b2.css";
  await rename(at(old), at(style));
  list.files[style] = list.files[old];
  delete list.files[old];
  await writeFile(at(LATE), `${await readFile(at(LATE), "utf8")}${SECOND}`);
  const content = await readFile(at(LATE));
  list.files[LATE] = [createHash("sha256").update(content).digest("base64"), content.length];
  const page = await readFile(at("index.html"), "utf8");
  await writeFile(at("index.html"), page.replace(list.build, build).replace(old, style));
  list.files["index.html"][0] = build;
  await writeFile(at("files.json"), JSON.stringify({ ...list, build }));
  return { build, old, style };
}

/** A copy of the site, to change. */
async function copyOfSite() {
  const folder = await mkdtemp(join(tmpdir(), "cathode-build-"));
  await cp(SITE, folder, { recursive: true });
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

for (const isolated of [true, false]) {
  const where = isolated ? "" : ", from a host without isolation headers below a path too";
  test(`with no server at all a notebook opens, is edited and runs Python${where}`, async ({ page }) => {
    const site = await host({ isolated, prefix: isolated ? "/" : "/some/where/" });
    let notebook = new NotebookPage(page, site.url);
    await notebook.goHome();
    await expect.poll(() => page.evaluate(() => crossOriginIsolated).catch(() => false)).toBe(true);
    await notebook.create();
    await notebook.execute(0, "'online'");
    await notebook.isKept("python");
    await notebook.isSaved();
    const id = notebook.id();
    await site.stop();

    notebook = await anotherTab(notebook);
    await notebook.open(id);
    await expect(notebook.outputs(0)).toHaveText("'online'");
    expect(await notebook.page.evaluate(() => crossOriginIsolated)).toBe(true);
    await notebook.append();
    await notebook.execute(1, "from IPython.display import HTML, Latex\ndisplay(HTML('<b>offline</b>'), Latex('$x$'))");
    await expect(notebook.outputs(1).locator("b")).toHaveText("offline");
    await expect(notebook.outputs(1).locator(".katex")).toBeVisible();
    await notebook.isSaved();

    notebook = await anotherTab(notebook);
    await notebook.open(id);
    await expect(notebook.outputs(1).locator("b")).toHaveText("offline");
    await notebook.goHome();
    await expect(notebook.page.getByRole("link", { name: /Untitled/ })).toBeVisible();
    await notebook.create();
    await notebook.execute(0, "'new'");
    // A network that accepts and never answers is none.
    const dead = createServer();
    await new Promise((listening) => dead.listen(site.port, "127.0.0.1", listening));
    await notebook.reload();
    await expect(notebook.outputs(0)).toHaveText("'new'");
    dead.close();
  });
}

test("who only looks keeps the site without Python, and no address with a secret is kept", async ({ page }) => {
  const site = await host();
  const notebook = new NotebookPage(page, site.url);
  await notebook.create();
  await page.goto(`${site.url}?notebook=${notebook.id()}&view=diagnostics#edit.secret`);
  await notebook.isKept("site");
  await notebook.button("Refresh").click();
  await expect(page.locator("dl")).toContainText(/Opens without a network\s*yes, without Python: \d/);
  const kept = await keptFiles(notebook);
  expect(kept.filter((path) => /^kernel\/|secret|notebook=/.test(path))).toEqual([]);
  for (const path of ["markup_bg.wasm", "js/katex.js", "kernel-files.js"]) expect(kept.some((kept) => kept.startsWith(`${path}?`)), path).toBe(true);
  await site.stop();
});

test("a new build is shown at once, takes the place of the one before, and is what opens with no network", async ({ page }) => {
  const { folder, remove } = await copyOfSite();
  const site = await host({ root: folder });
  let notebook = new NotebookPage(page, site.url);
  await notebook.goHome();
  await notebook.isKept("site");
  const first = await seen(notebook);
  const { build, old, style } = await rebuild(folder);

  await notebook.goHome();
  expect(await seen(notebook)).toEqual({ build, late: expect.stringContaining(SECOND) });
  await notebook.isKept("site");
  const kept = await keptFiles(notebook);
  const names = kept.map((path) => path.replace(/\?.*/, ""));
  expect(names).toContain(style);
  expect(names).not.toContain(old);
  expect(new Set(names).size, "each file once").toBe(names.length);
  await site.stop();

  notebook = await anotherTab(notebook);
  await notebook.goHome();
  const second = await seen(notebook);
  expect(second).toEqual({ build, late: expect.stringContaining(SECOND) });
  expect(first.build).not.toBe(build);
  expect(first.late).not.toContain(SECOND);
  await remove();
});

test("a page gets the files of its own build or none, also when the network goes between two builds", async ({ page }) => {
  const { folder, remove } = await copyOfSite();
  const site = await host({ root: folder });
  let notebook = new NotebookPage(page, site.url);
  await notebook.goHome();
  await notebook.isKept("site");
  const { build } = await rebuild(folder);
  await notebook.goHome();
  await site.stop();
  const between = await seen(notebook);
  expect(between.build).toBe(build);
  if (between.late !== "refused") expect(between.late).toContain(SECOND);

  notebook = await anotherTab(notebook);
  await notebook.goHome();
  const after = await seen(notebook);
  expect(after.late).not.toBe("refused");
  expect(after.late.includes(SECOND)).toBe(after.build === build);
  await remove();
});
