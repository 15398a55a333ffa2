/** Editors are for what is in or near the view; a cell far away gives its own back and loses nothing by it. */

import { expect, test } from "./fixtures.mjs";

/** What 900 pixels of view and the margins above and below hold of cells of one line, and then some. */
const MOST = 200;

/** Opens a notebook of so many cells. */
async function openLong(notebook, count) {
  await notebook.goHome();
  const cells = Array.from({ length: count }, (_, at) => ({ cell_type: "code", id: `c${at}`, metadata: {}, execution_count: null, outputs: [], source: `x${at} = ${at}` }));
  await notebook.drop("Long.ipynb", JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  await notebook.opened();
  await expect(notebook.cells).toHaveCount(count);
  await expect(notebook.editor(0)).toBeVisible();
}

function scrollTo(notebook, at) {
  return notebook.cell(at).evaluate((cell) => cell.scrollIntoView({ block: "center" }));
}

test("a notebook of 1,000 cells that is scrolled through has only the editors near the view", async ({ notebook, page }) => {
  await openLong(notebook, 1_000);
  const editors = page.locator("[data-editor] .cm-editor");
  const seen = [];
  for (let at = 0; at < 1_000; at += 25) {
    await scrollTo(notebook, at);
    await expect(notebook.editor(at)).toBeVisible();
    seen.push(await editors.count());
  }
  // What has been passed gives its editor back within a frame or two.
  await expect.poll(() => editors.count()).toBeLessThan(MOST);
  console.log(`editors while scrolling: at most ${Math.max(...seen)}, at the end ${await editors.count()}`);
  expect(Math.max(...seen)).toBeLessThan(2 * MOST);
  expect(await notebook.source(0)).toBe("x0 = 0");
  await scrollTo(notebook, 0);
  await expect(notebook.editor(0)).toBeVisible();
  await expect(notebook.editor(999)).toHaveCount(0);
});

test("an editor that was given back keeps its undo, its selection and what others wrote meanwhile", async ({ notebook }) => {
  await openLong(notebook, 300);
  await notebook.editor(0).click();
  await notebook.page.keyboard.press("End");
  await notebook.page.keyboard.type(" + 1");
  await notebook.page.keyboard.press("Shift+ArrowLeft");
  await scrollTo(notebook, 250);
  await notebook.editor(250).click();
  await expect(notebook.editor(0)).toHaveCount(0);
  expect(await notebook.source(0)).toBe("x0 = 0 + 1");

  const other = await notebook.another();
  await other.editor(0).click();
  await other.page.keyboard.press("Home");
  await other.page.keyboard.type("y = ");
  await expect.poll(() => notebook.source(0)).toBe("y = x0 = 0 + 1");

  await scrollTo(notebook, 0);
  await expect(notebook.editor(0)).toBeVisible();
  expect(await notebook.source(0)).toBe("y = x0 = 0 + 1");
  await notebook.editor(0).focus();
  await notebook.page.keyboard.type("2");
  await expect.poll(() => notebook.source(0)).toBe("y = x0 = 0 + 2");
  await notebook.page.keyboard.press("ControlOrMeta+z");
  await expect.poll(() => notebook.source(0)).toBe("y = x0 = 0 + 1");
  await notebook.page.keyboard.press("ControlOrMeta+z");
  await expect.poll(() => notebook.source(0)).toBe("y = x0 = 0");
  await expect.poll(() => other.source(0)).toBe("y = x0 = 0");
});

test("the editor with the focus stays, however far the page is scrolled", async ({ notebook }) => {
  await openLong(notebook, 300);
  await notebook.editor(0).click();
  await notebook.page.keyboard.press("End");
  await scrollTo(notebook, 250);
  await expect(notebook.editor(250)).toBeVisible();
  await expect(notebook.editor(20)).toHaveCount(0);
  await expect(notebook.editor(0)).toHaveCount(1);
  await expect(notebook.editor(0)).toBeFocused();
  await notebook.page.keyboard.type("00");
  expect(await notebook.source(0)).toBe("x0 = 000");
});

test("what Markdown needs comes with the first cell of it, and colours it", async ({ notebook, page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await notebook.create();
  await notebook.write(0, "x = 'text'");
  await expect(notebook.editor(0).locator(".tok-string")).toHaveText("'text'");
  expect(asked.filter((path) => path.endsWith("/js/markdown.js"))).toEqual([]);

  await notebook.button("Add Markdown cell").click();
  await page.keyboard.type("# Heading");
  await expect(notebook.editor(1).locator(".tok-heading").first()).toBeVisible();
  await page.keyboard.type("\n\n- one\n");
  await expect.poll(() => notebook.source(1)).toBe("# Heading\n\n- one\n- ");
});
