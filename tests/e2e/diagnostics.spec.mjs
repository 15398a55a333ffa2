/** The diagnostics page. */

import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.mjs";

test.beforeEach(async ({ notebook, page }) => {
  await notebook.create();
  await notebook.execute(0, "6 * 7");
  await page.locator("summary[aria-label='Notebook menu']").click();
  await page.getByRole("link", { name: "Diagnostics" }).click();
  await expect(page.getByRole("heading", { name: "Diagnostics" })).toBeVisible();
});

test("the log shows every event with its number, kind, actor, time and effect", async ({ page }) => {
  const rows = page.locator("[data-log] tbody tr");
  await expect(rows.first()).toBeVisible();
  const table = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  const sequence = table.map(([seq]) => Number(seq));
  expect(sequence).toEqual(sequence.map((_, index) => sequence[0] - index));
  expect(sequence.at(-1)).toBe(1);
  const kinds = table.map(([, kind]) => kind.replaceAll("_", "").toLowerCase());
  for (const kind of ["CellInserted", "SourceEdited", "ExecutionRequested", "KernelSessionStarted", "ExecutionAssigned", "ExecutionStarted", "OutputAdded", "ExecutionCompleted"]) {
    expect(kinds).toContain(kind.toLowerCase());
  }
  for (const [, , actor, time, effect] of table) {
    expect(actor).toMatch(/^(person|kernel) \S+$/);
    expect(time).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d/);
    expect(effect).toMatch(/^(applied|ignored: .+)$/);
  }
  await expect(page.locator("dl")).toContainText("private file system");
  await expect(page.getByRole("heading", { name: "Last runs" })).toBeVisible();
});

test("the database can be downloaded and is one", async ({ page, notebook }) => {
  const [download] = await Promise.all([page.waitForEvent("download"), notebook.button("Download database").click()]);
  const bytes = await readFile(await download.path());
  expect(bytes.subarray(0, 16).toString("latin1")).toBe("SQLite format 3\0");
  expect(bytes.length % 512).toBe(0);
  // The whole state is in the file itself: no write-ahead log is needed beside it.
  expect(bytes.includes("ExecutionRequested") || bytes.includes("6 * 7")).toBe(true);
});

test("a reset asks first, then empties the notebook and keeps it in the list", async ({ page, notebook }) => {
  const id = notebook.id();
  await page.getByRole("button", { name: "Reset this notebook's local data" }).click();
  const dialog = page.getByRole("dialog", { name: "Reset this notebook's local data?" });
  const confirm = dialog.getByRole("button", { name: "Delete everything" });
  await expect(confirm).toBeDisabled();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await notebook.open(id);
  await expect(notebook.outputs(0)).toHaveText("42");

  await page.goto(`${notebook.site}?notebook=${id}&view=diagnostics`);
  await page.getByRole("button", { name: "Reset this notebook's local data" }).click();
  await dialog.getByRole("textbox").fill("reset");
  await confirm.click();
  await notebook.opened();
  await expect(notebook.cells).toHaveCount(0);
  await notebook.button("Append code").click();
  await notebook.execute(0, "'anew'");
  await notebook.reload();
  await expect(notebook.outputs(0)).toHaveText("'anew'");
});
