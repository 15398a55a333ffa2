/** The main job: open, write, run, reload, come back another day. */

import { expect, test } from "./fixtures.mjs";
import { NotebookPage } from "./notebook-page.mjs";

test("a cell that was run is still there after a reload, and after the tab was closed", async ({ notebook, context, site }) => {
  await notebook.create();
  expect(notebook.id()).toMatch(/^[\w-]{1,64}$/);
  await notebook.write(0, "1+1");
  await notebook.page.keyboard.press("Shift+Enter");
  await notebook.ends(0);
  await expect(notebook.outputs(0)).toHaveText("2");
  await expect(notebook.count(0)).toHaveText("1");
  await expect(notebook.cells).toHaveCount(2);
  await notebook.title.fill("Sums");
  await notebook.title.press("Enter");
  await notebook.isSaved();
  const ids = await notebook.cellIds();

  const isUnchanged = async (tab) => {
    await expect(tab.cells).toHaveCount(2);
    expect(await tab.cellIds()).toEqual(ids);
    expect(await tab.source(0)).toBe("1+1");
    await expect(tab.outputs(0)).toHaveText("2");
    await expect(tab.count(0)).toHaveText("1");
    await expect(tab.cell(0)).toHaveAttribute("data-outcome", "ok");
    await expect(tab.title).toHaveValue("Sums");
    await expect(tab.page).toHaveTitle(/Sums/);
  };
  await notebook.reload();
  await isUnchanged(notebook);

  const id = notebook.id();
  const home = new NotebookPage(await context.newPage(), site);
  await notebook.page.close();
  await home.goHome();
  await home.page.getByRole("link", { name: "Sums" }).click();
  await home.opened();
  expect(home.id()).toBe(id);
  await isUnchanged(home);
});

test("what was typed and not run is there after a reload", async ({ notebook }) => {
  await notebook.create();
  await notebook.editor(0).click();
  await notebook.page.keyboard.type("x = 1");
  await expect(notebook.saved).toHaveAttribute("data-saved", "saving");
  await notebook.isSaved();
  await notebook.reload();
  expect(await notebook.source(0)).toBe("x = 1");
});

test("what was typed a moment before the tab was reloaded is kept", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "kept = True");
  await notebook.reload();
  await expect.poll(() => notebook.source(0)).toBe("kept = True");
});

test("the next run sees the variables of the one before and counts on", async ({ notebook }) => {
  await notebook.create();
  await notebook.execute(0, "a = 20");
  await expect(notebook.outputs(0)).toBeEmpty();
  await notebook.append();
  await notebook.execute(1, "a + 22");
  await expect(notebook.outputs(1)).toHaveText("42");
  await expect(notebook.count(1)).toHaveText("2");
  await notebook.execute(0, "a = 1");
  await expect(notebook.count(0)).toHaveText("3");
});

test("a failing cell cancels the rest of Run all, and the notebook goes on", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "1/0");
  await notebook.append("print('never')");
  await notebook.button("Run all").click();
  await notebook.ends(0, "error");
  await notebook.ends(1, "cancelled");
  await expect(notebook.outputs(0)).toContainText("ZeroDivisionError: division by zero");
  await notebook.run(1);
  await notebook.ends(1, "ok");
  await expect(notebook.outputs(1)).toHaveText("never");
});
