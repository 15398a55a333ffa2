/** The same files on another kind of host: below a path, and without the headers that isolate. */

import { expect, test } from "./fixtures.mjs";
import { serve } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

test("below a path everything loads from below that path, and a run survives a reload", async ({ page }) => {
  const site = await serve({ prefix: "/some/where/" });
  const outside = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(site.url) && /^(https?|wss?):/.test(url)) outside.push(url);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) outside.push(`${response.status()} ${response.url()}`);
  });
  const notebook = new NotebookPage(page, site.url);
  await notebook.create();
  expect(page.url()).toContain("/some/where/?notebook=");
  await notebook.execute(0, "from IPython.display import Latex\nLatex('$x$')");
  await expect(notebook.outputs(0).locator(".katex")).toBeVisible();
  await notebook.reload();
  await expect(notebook.outputs(0).locator(".katex")).toBeVisible();
  await page.getByRole("link", { name: /all notebooks/i }).first().click();
  await expect(notebook.button("New notebook")).toBeVisible();
  expect(page.url()).toBe(site.url);
  await expect(page.getByRole("link", { name: /Untitled/ })).toBeVisible();
  expect(outside).toEqual([]);
  await site.close();
});

test("on a host without isolation headers the service worker brings them, and an interrupt interrupts", async ({ page }) => {
  const site = await serve({ isolated: false, prefix: "/plain/" });
  const notebook = new NotebookPage(page, site.url);
  await notebook.goHome();
  // It takes over by one reload of its own.
  await expect.poll(() => page.evaluate(() => crossOriginIsolated).catch(() => false)).toBe(true);
  await notebook.create();
  await notebook.execute(0, "kept = 'kept'");
  await notebook.append("while True: pass");
  await notebook.run(1);
  await notebook.isRunning(1);
  await notebook.button("Interrupt").click();
  await notebook.ends(1, "interrupted");
  await notebook.append();
  await notebook.execute(2, "kept");
  await expect(notebook.outputs(2)).toHaveText("'kept'");
  await notebook.reload();
  await expect(notebook.outputs(2)).toHaveText("'kept'");
  await site.close();
});

test("where no service worker can help either, Python runs, and an interrupt says that it restarts, and does", async ({ page }) => {
  const site = await serve({ isolated: false });
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "serviceWorker", { value: undefined }));
  const notebook = new NotebookPage(page, site.url);
  await notebook.create();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await notebook.execute(0, "kept = 1\nprint('runs')");
  await expect(notebook.outputs(0)).toHaveText("runs");
  await page.locator("summary[aria-label='Notebook menu']").click();
  await expect(page.getByText("Interrupt restarts the kernel here")).toBeVisible();
  await page.keyboard.press("Escape");
  await notebook.append("while True: pass");
  await notebook.append("'kept' in globals()");
  await notebook.run(1);
  await notebook.isRunning(1);
  await notebook.run(2);
  await notebook.hasStatus(2, "pending");
  await expect(notebook.button("Interrupt")).toHaveAttribute("title", /restarts/);
  await notebook.button("Interrupt").click();
  await expect(notebook.cell(1)).toHaveAttribute("data-outcome", /^(interrupted|lost)$/);
  await notebook.ends(2);
  await expect(notebook.outputs(2)).toHaveText("False");
  await expect(notebook.outputs(0)).toHaveText("runs");
  await site.close();
});
