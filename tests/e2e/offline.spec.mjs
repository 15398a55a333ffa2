/** No network at all: the server is closed, and the address still opens what was kept of it. */

import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./fixtures.mjs";
import { SITE, serve } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

/** Waits until the page says that this much of the site is kept. */
async function isKept(page, what) {
  await expect(page.locator("html")).toHaveAttribute("data-kept", what, { timeout: 60_000 });
}

/** Closes the tab and opens another one of the same browser. */
async function anotherTab(notebook, context) {
  const tab = await context.newPage();
  await notebook.page.close();
  return new NotebookPage(tab, notebook.site);
}

test("with no server at all a notebook opens, is edited and runs Python", async ({ context, page }) => {
  const site = await serve();
  let notebook = new NotebookPage(page, site.url);
  await notebook.create();
  await notebook.execute(0, "'online'");
  await isKept(page, "python");
  await notebook.isSaved();
  const id = notebook.id();
  await site.close();

  notebook = await anotherTab(notebook, context);
  await notebook.open(id);
  await expect(notebook.outputs(0)).toHaveText("'online'");
  await notebook.append();
  await notebook.execute(1, "print('offline')");
  await expect(notebook.outputs(1)).toHaveText("offline");
  await notebook.append();
  await notebook.execute(2, "from IPython.display import HTML, Latex\ndisplay(HTML('<b>bold</b>'), Latex('$x$'))");
  await expect(notebook.outputs(2).locator("b")).toHaveText("bold");
  await expect(notebook.outputs(2).locator(".katex")).toBeVisible();
  await notebook.isSaved();

  notebook = await anotherTab(notebook, context);
  await notebook.open(id);
  await expect(notebook.outputs(1)).toHaveText("offline");
  await notebook.goHome();
  await expect(notebook.page.getByRole("link", { name: /Untitled/ })).toBeVisible();
  await notebook.create();
  await notebook.execute(0, "'new'");
});
