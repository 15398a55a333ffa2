/** With the keyboard alone, and as a screen reader hears it. */

import { expect, test } from "./fixtures.mjs";

test("a notebook is made, written, run, rearranged and left with the keyboard alone", async ({ notebook, page }) => {
  const press = (key) => page.keyboard.press(key);
  await notebook.goHome();
  await notebook.button("New notebook").focus();
  await press("Enter");
  await notebook.opened();
  await expect(notebook.editor(0)).toBeFocused();
  await page.keyboard.type("21 * 2");
  await press("Shift+Enter");
  await notebook.ends(0);
  await expect(notebook.outputs(0)).toHaveText("42");
  await expect(notebook.editor(1)).toBeFocused();

  await press("Escape");
  await expect(notebook.cell(1)).toBeFocused();
  await press("a");
  await expect(notebook.cells).toHaveCount(3);
  await expect(notebook.cell(1)).toBeFocused();
  await press("b");
  await expect(notebook.cells).toHaveCount(4);
  await expect(notebook.cell(2)).toBeFocused();
  const ids = await notebook.cellIds();
  await press("d");
  await press("d");
  await expect(notebook.cells).toHaveCount(3);
  expect(await notebook.cellIds()).not.toContain(ids[2]);
  await press("z");
  await expect(notebook.cells).toHaveCount(4);
  expect(await notebook.cellIds()).toEqual(ids);

  await press("m");
  await expect(notebook.cell(2)).toHaveAttribute("data-kind", "markdown");
  await press("Enter");
  await page.keyboard.type("# Written");
  await press("Shift+Enter");
  await expect(notebook.cell(2).getByRole("heading", { name: "Written" })).toBeVisible();
  await expect(notebook.cell(3)).toBeFocused();
  await press("ArrowUp");
  await expect(notebook.cell(2)).toBeFocused();
  await press("y");
  await expect(notebook.cell(2)).toHaveAttribute("data-kind", "code");
  await press("k");
  await press("k");
  await expect(notebook.cell(0)).toBeFocused();
  await press("Control+Enter");
  await notebook.ends(0);
  await expect(notebook.count(0)).toHaveText("2");
});

test("Tab indents in an editor, and after Escape it leaves", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.editor(0).click();
  await page.keyboard.type("x");
  await page.keyboard.press("Home");
  await page.keyboard.press("Tab");
  await expect.poll(() => notebook.source(0)).toBe("    x");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(notebook.editor(0)).not.toBeFocused();
  expect(await page.evaluate(() => document.activeElement.matches("button, a, input, summary, [tabindex]"))).toBe(true);
});

test("I I interrupts and 0 0 restarts", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.write(0, "while True: pass");
  await notebook.run(0);
  await notebook.isRunning(0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("i");
  await page.keyboard.press("i");
  await notebook.ends(0, "interrupted");
  await notebook.append("x = 1\nx");
  await notebook.run(1);
  await notebook.ends(1);
  await expect(notebook.count(1)).toHaveText("2");
  await page.keyboard.press("Escape");
  await page.keyboard.press("0");
  await page.keyboard.press("0");
  await notebook.isSaved();
  await notebook.hasKernel("idle");
  await notebook.run(1);
  await notebook.ends(1);
  await expect(notebook.count(1)).toHaveText("1");
});

for (const place of ["the home page", "a notebook", "diagnostics"]) {
  test(`on ${place} every control has a name, and no id occurs twice`, async ({ notebook, page }) => {
    await notebook.create();
    await notebook.execute(0, "print('x' * 10)\n1/0", "error");
    await notebook.append();
    if (place === "the home page") await notebook.goHome();
    if (place === "diagnostics") {
      await page.goto(`${notebook.site}?notebook=${notebook.id()}&view=diagnostics`);
      await expect(page.locator("[data-log] tbody tr").first()).toBeVisible();
    }
    const tree = await (await page.context().newCDPSession(page)).send("Accessibility.getFullAXTree");
    const roles = new Set(["button", "link", "textbox", "checkbox", "combobox", "dialog", "image", "DisclosureTriangle", "menuitemradio"]);
    const nameless = tree.nodes
      .filter(({ ignored, role }) => !ignored && roles.has(role?.value))
      .filter(({ name }) => !name?.value?.trim())
      .map(({ role, nodeId }) => `${role.value} ${nodeId}`);
    expect(nameless).toEqual([]);
    const ids = await page.locator("[id]").evaluateAll((all) => all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
    await expect(page.locator("main")).toHaveCount(1);
  });
}
