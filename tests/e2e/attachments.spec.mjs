/** Pictures that a Markdown cell of a file carries along. */

import { expect, test } from "./fixtures.mjs";

/** One red pixel. */
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7" onload="parent.broken = true"><script>parent.broken = true</script></svg>`;

const ATTACHMENTS = {
  "image.png": { "image/png": PIXEL },
  "drawing.svg": { "image/svg+xml": SVG },
  "page.html": { "text/html": "<script>parent.broken = true</script>" },
  "odd name (1).png": { "image/png": PIXEL },
};

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    {
      cell_type: "markdown",
      id: "with-pictures",
      metadata: {},
      attachments: ATTACHMENTS,
      source: "![one](attachment:image.png) ![two](attachment:drawing.svg) ![three](attachment:page.html) ![four](attachment:missing.png) ![five](<attachment:odd name (1).png>)",
    },
    { cell_type: "markdown", id: "without", metadata: {}, source: "![not mine](attachment:image.png)" },
  ],
};

test("attachments of Markdown cells are shown as pictures and nothing else, kept, and exported", async ({ notebook, page }) => {
  await notebook.goHome();
  await notebook.drop("Pictures.ipynb", JSON.stringify(NOTEBOOK));
  await notebook.opened();
  await expect(notebook.cells).toHaveCount(2);
  const check = async () => {
    const width = (name) => notebook.cell(0).getByRole("img", { name }).evaluate((image) => image.naturalWidth);
    await expect.poll(() => width("one")).toBe(1);
    await expect.poll(() => width("two")).toBe(7);
    await expect.poll(() => width("five")).toBe(1);
    for (const name of ["three", "four"]) {
      await expect(notebook.cell(0).locator(`img[alt=${name}]`)).not.toHaveAttribute("src");
    }
    await expect(notebook.cell(1).locator("img")).not.toHaveAttribute("src");
    expect(await page.evaluate(() => "broken" in window)).toBe(false);
  };
  await check();
  await notebook.isSaved();
  await notebook.reload();
  await check();

  // Writing in the cell and leaving it shows them again.
  await notebook.cell(0).locator("[data-editor]").dblclick();
  await expect(notebook.editor(0)).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await check();

  const { notebook: file } = await notebook.download();
  expect(file.cells[0].attachments).toEqual(ATTACHMENTS);
  expect(file.cells[1].attachments).toBeUndefined();
});
