/** The list of notebooks. */

import { expect, test } from "./fixtures.mjs";
import { list } from "./pool.mjs";

test("a notebook is renamed, deleted and brought back in the list", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.execute(0, "'kept'");
  await notebook.goHome();
  await page.getByRole("link", { name: /Untitled/ }).hover();
  await page.getByRole("button", { name: "Rename Untitled" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("Lab book");
  await page.keyboard.press("Enter");
  const row = page.getByRole("link", { name: /Lab book/ });
  await expect(row).toBeVisible();

  await row.hover();
  await page.getByRole("button", { name: "Delete Lab book" }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row).toBeVisible();
  await row.click();
  await notebook.opened();
  await expect(notebook.outputs(0)).toHaveText("'kept'");
});

test("a deleted notebook's files go once it can no longer be brought back", async ({ notebook, page, context, site }) => {
  await notebook.create();
  await notebook.write(0, "x = 1");
  await notebook.isSaved();
  const id = notebook.id();
  await notebook.goHome();
  // As if it had been damaged once, and another notebook too.
  await page.evaluate(setAside, [`${id}-1.db`, `${id}-1.db-wal`, "another-1.db"]);
  await page.getByRole("link", { name: /Untitled/ }).hover();
  await page.getByRole("button", { name: "Delete Untitled" }).click();
  await expect(page.getByText("Nothing here yet.")).toBeVisible();
  expect((await list(context, site, id)).filter(({ path }) => path.startsWith("/cathode-aside/"))).toHaveLength(2);
  await page.goto(`${site}?notebook=${id}`);
  await expect(page.getByRole("heading", { name: "This notebook is not in this browser" })).toBeVisible();

  await page.clock.setSystemTime(Date.now() + 3_600_000);
  await notebook.goHome();
  await expect.poll(async () => (await list(context, site, id)).length).toBe(0);
  expect((await list(context, site, "another-1.db")).length).toBe(1);
});

test("what is asked for before the notebook is open is done once it is", async ({ notebook, page }) => {
  await notebook.create();
  const held = [];
  await page.route("**/store-worker_loader.js", (route) => held.push(route));
  await page.reload();
  await notebook.button("Add code cell").click();
  await notebook.button("Add code cell").click();
  await expect.poll(() => held.length).toBe(1);
  await held[0].continue();
  await expect(notebook.cells).toHaveCount(3);
  await notebook.isSaved();
});

/** Puts files where damaged ones are kept. */
async function setAside(names) {
  const root = await navigator.storage.getDirectory();
  const aside = await root.getDirectoryHandle("cathode-aside", { create: true });
  for (const name of names) {
    const file = await aside.getFileHandle(name, { create: true });
    const stream = await file.createWritable();
    await stream.write("bytes");
    await stream.close();
  }
}
