/** One notebook in several tabs of one browser. */

import { expect, test } from "./fixtures.mjs";

test("B4-11: text, runs and outputs of either tab appear in the other", async ({ notebook }) => {
  await notebook.create();
  await notebook.hasRole("leader");
  const other = await notebook.another();
  await other.hasRole("follower");

  await notebook.write(0, "x = 6");
  await expect.poll(() => other.source(0)).toBe("x = 6");
  await other.write(0, "x = 7");
  await expect.poll(() => notebook.source(0)).toBe("x = 7");

  await other.execute(0, "x = 7\nx * 6");
  await expect(other.outputs(0)).toHaveText("42");
  await notebook.ends(0);
  await expect(notebook.outputs(0)).toHaveText("42");
  await expect(notebook.count(0)).toHaveText("1");

  await notebook.append("print('from the leader')");
  await notebook.run(1);
  await other.ends(1);
  await expect(other.outputs(1)).toHaveText("from the leader");
  expect(await other.cellIds()).toEqual(await notebook.cellIds());
});

test("B4-11: three tabs that type into one cell at once end with the same text and lose no key", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "0");
  await notebook.isSaved();
  const tabs = [notebook, await notebook.another(), await notebook.another()];
  for (const tab of tabs) await expect.poll(() => tab.source(0)).toBe("0");
  // Keys go to whatever has the focus of their own page, so all tabs take them at once.
  await Promise.all(tabs.map((tab) => tab.editor(0).focus()));
  await Promise.all(tabs.map((tab, index) => tab.page.keyboard.type("abc"[index].repeat(30))));
  for (const tab of tabs) await tab.isSaved();
  await expect.poll(async () => new Set(await Promise.all(tabs.map((tab) => tab.source(0)))).size).toBe(1);
  const text = await notebook.source(0);
  expect(text).toHaveLength(91);
  for (const letter of "abc") expect(text.split(letter)).toHaveLength(31);
});

test("B4-14: when the leader's tab is closed a follower takes over, the running cell is lost, nothing else", async ({ notebook }) => {
  await notebook.create();
  await notebook.execute(0, "print('before')");
  const other = await notebook.another();
  await notebook.append("import time\nprint('partial', flush=True)\ntime.sleep(600)");
  await notebook.append("print('queued')");
  await notebook.run(1);
  await notebook.isRunning(1);
  await notebook.run(2);
  await other.isRunning(1);
  await other.hasStatus(2, "pending");
  await expect(other.outputs(1)).toHaveText("partial");

  await notebook.page.close();
  await other.hasRole("leader", 5_000);
  await expect(other.cell(1)).toHaveAttribute("data-outcome", "lost", { timeout: 5_000 });
  await expect(other.outputs(1)).toContainText("partial");
  await expect(other.outputs(0)).toHaveText("before");
  await other.ends(2);
  await expect(other.outputs(2)).toHaveText("queued");
  await expect(other.count(2)).toHaveText("1");
  await other.execute(1, "print('after')");
  await other.reload();
  await other.hasRole("leader");
  await expect(other.outputs(1)).toHaveText("after");
  await expect(other.outputs(2)).toHaveText("queued");
});

test("what a follower asked for while the leader went away is done by the next leader, once", async ({ notebook }) => {
  await notebook.create();
  const other = await notebook.another();
  await other.hasRole("follower");
  await Promise.all([
    notebook.page.close(),
    other.page.evaluate(() => {
      for (let click = 0; click < 3; click += 1) document.querySelector("button[aria-label='Append code']").click();
    }),
  ]);
  await other.hasRole("leader");
  await expect(other.cells).toHaveCount(4);
  await other.isSaved();
  const ids = await other.cellIds();
  expect(new Set(ids).size).toBe(4);
  await other.reload();
  expect(await other.cellIds()).toEqual(ids);
});

test("a follower can interrupt and restart the leader's kernel", async ({ notebook }) => {
  await notebook.create();
  const other = await notebook.another();
  await other.write(0, "while True: pass");
  await other.run(0);
  await notebook.isRunning(0);
  await other.hasKernel("busy");
  await other.button("Interrupt").click();
  await other.ends(0, "interrupted");
  await other.button("Restart").click();
  await other.hasKernel("idle");
  await other.execute(0, "1+1");
  await expect(notebook.count(0)).toHaveText("1");
});
